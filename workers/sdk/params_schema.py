"""The JSON Schema of a worker's params model, with all that pydantic keeps secret marked.

pydantic marks `SecretStr` and `SecretBytes` in its schemas, but not `Secret[…]` of other types.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class _MarkingSecrets(GenerateJsonSchema):
    def json_or_python_schema(self, schema: core_schema.JsonOrPythonSchema) -> JsonSchemaValue:
        made = super().json_or_python_schema(schema)
        return made | {"writeOnly": True} if _is_secret(schema) else made


def _is_secret(schema: core_schema.JsonOrPythonSchema) -> bool:
    """Whether this is the schema of a `Secret[…]`, told by the function of pydantic that writes its dots."""
    function: Any = schema.get("serialization", {}).get("function")
    return getattr(function, "__module__", "") == "pydantic.types" and "secret" in function.__name__


def params_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Returns the schema of the values that a worker's `params` are made from."""
    return model.model_json_schema(schema_generator=_MarkingSecrets)
