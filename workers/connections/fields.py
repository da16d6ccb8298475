"""Types of params that name a connection or a secret. PURE: nothing is looked up here.

The JSON Schema of such a field says what it names. By that the designer offers the names that there are,
warns of others, and gives a step the limit of its connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

CONNECTION, SECRET, KIND_KEY = "connection", "secret", "x-kind"


@dataclass(frozen=True)
class ConnectionName:
    """Marks a text in a params model as a connection's name: `Annotated[str, ConnectionName("http")]`."""

    kind: Literal["http", "smtp", "sql"]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(schema) | {"format": CONNECTION, KIND_KEY: self.kind}


HttpConnection = Annotated[str, ConnectionName("http")]
SmtpConnection = Annotated[str, ConnectionName("smtp")]
SqlConnection = Annotated[str, ConnectionName("sql")]
SecretName = Annotated[str, Field(json_schema_extra={"format": SECRET})]


def named_by(schema: Mapping[str, Any]) -> str:
    """What a field of this schema names: `connection:http`, `secret`, or nothing."""
    named = schema.get("format")
    if named == CONNECTION:
        return f"{CONNECTION}:{schema.get(KIND_KEY, '')}"
    return SECRET if named == SECRET else ""
