"""The form of a request: what it sends, which answers are right, and how much of them is read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from workers.connections.fields import HttpConnection

TIMEOUT_S_MAX = 3_600
BYTES_MAX = 10_000_000
EXPECTED = re.compile(r"[1-5](\d\d|xx)")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
NAME_IN_URL = re.compile(r"\{([^{}]+)\}")
OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})

Scalar = str | int | float | bool
Expected = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=f"^{EXPECTED.pattern}$")]


class HttpRequest(BaseModel):
    """One request. At most one of `json`, `form`, `text` and `file` is its body."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = Field(
        "GET", description="GET reads; the others change something, as far as the API keeps to the rules."
    )
    connection: HttpConnection | None = Field(
        None,
        description="The API, as it is named on the page Connections. Its secret is added to the request.",
    )
    url: str = Field(
        "",
        title="URL",
        description="Below the address of the connection, such as /charges; without one, a whole URL.",
    )
    path: dict[str, Scalar] = Field({}, description="The values of {names} in the URL.")
    query: dict[str, Scalar | list[Scalar] | None] = Field(
        {}, description="Parameters behind the ? of the URL."
    )
    headers: dict[str, str] = Field({}, description="Headers; no secrets, which belong into the connection.")
    json_body: Any = Field(None, alias="json", title="JSON", description="The body, as JSON.")
    form: dict[str, Scalar | list[Scalar]] | None = Field(None, description="The body, as a form's fields.")
    text: str | None = Field(None, description="The body, as text.")
    file: str | None = Field(
        None, description="The body: a file of the folder files/ of the data folder, 100 MB at most."
    )
    expect: list[Expected] = Field(
        ["2xx"], min_length=1, max_length=50, description="The right answers, such as 201, or 2xx for all."
    )
    read_as: Literal["auto", "json", "text"] = Field(
        "auto",
        title="Read as",
        description="What the answer's body is; auto: JSON where the answer says so, else text.",
    )
    timeout: float = Field(
        30.0, gt=0, le=TIMEOUT_S_MAX, description="Seconds until the whole answer is there."
    )
    bytes_max: int = Field(1_000_000, ge=1, le=BYTES_MAX, title="Largest answer", description="In bytes.")
    redirects: bool = Field(True, description="Follow redirects; with a connection only those of its host.")
    server_errors: Literal["unknown", "failed"] = Field(
        "unknown",
        title="Server errors",
        description="Whether a request that changes something, and is answered by 500, 502 or 504, may have "
        "had its effect.",
    )

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
                raise ValueError(f"{name!r:.120} is no header that a request may state")
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"{name}: one line of ASCII text")
        return headers

    @model_validator(mode="after")
    def _has_path_values(self) -> Self:
        names = set(NAME_IN_URL.findall(self.url))
        if self.path and names != self.path.keys():
            wrong = ", ".join(sorted(names ^ self.path.keys()))
            raise ValueError(f"path has a value for each {{name}} in the URL, and no other: see {wrong}")
        if any(value in ("", ".", "..") for value in self.path.values()):
            raise ValueError("a value in path is neither empty nor . nor ..")
        return self

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        bodies = [name for name in ("json_body", "form", "text", "file") if getattr(self, name) is not None]
        if len(bodies) > 1:
            raise ValueError("a request has one body: json, form, text or file")
        return self

    @property
    def address(self) -> str:
        """The URL with the values of its names, each of which stays one part of the path."""
        if not self.path:
            return self.url
        return NAME_IN_URL.sub(lambda name: quote(_text(self.path[name[1]]), safe=""), self.url)

    def expects(self, status: int) -> bool:
        return any(str(want) in (str(status), f"{status // 100}xx") for want in self.expect)


def _text(value: Scalar) -> str:
    """A value as it stands in an address: JSON's `true`, and not Python's."""
    return str(value).lower() if isinstance(value, bool) else str(value)
