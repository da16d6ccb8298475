"""The worker that makes texts from templates."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers import worker
from workers.library.faults import simulated
from workers.library.forms import LINES
from workers.library.text.rendering import rendered

CATEGORY = "Text"


class TextParams(BaseModel):
    """A template, and what it may use."""

    model_config = ConfigDict(extra="forbid")
    template: str = Field(
        title="Template",
        description="Text with {{ values }} in it, {% if … %} and {% for … %}, as in Jinja",
        json_schema_extra=LINES,
    )
    format: Literal["text", "html"] = Field(
        "text",
        title="Format",
        description="html: values are escaped, so that none of them is taken for markup",
    )
    values: dict[str, Any] | None = Field(
        None, title="Values", description="What the template may use; left empty, the whole context"
    )


@worker(
    "render_text",
    title="Render text",
    category=CATEGORY,
    timeout=60,
    compensation="none",
    rehearsal="record",
    stub={"text": "text of a rehearsal"},
)
@simulated
def render_text(context: dict[str, Any], params: TextParams) -> dict[str, Any]:
    """Makes a text from a template and the values of the run.

    Gives `text`. A value that the template uses and that is not there fails the step.
    """
    values = context if params.values is None else params.values
    return {"text": rendered(params.template, values, html=params.format == "html")}
