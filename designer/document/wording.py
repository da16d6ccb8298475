"""The words of a step, from the wordings of its kind. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from designer.document.kinds import KINDS, Wording, row_of
from designer.document.steps import Step

CALLED_LENGTH_MAX = 60
Part = tuple[str, str, Any]
"""Literal text, then the name and value of the field that follows it; empty name and None at the end."""

FIELD_WORDS = {
    "name": "a name",
    "worker": "a worker",
    "workflow": "a workflow to run",
    "body": "steps of its own",
    "items": "a list of items",
    "max_turns": "a greatest number of turns",
    "values": "values",
    "code": "an error code",
    "seconds": "a number of seconds",
    "until": "a time",
    "signal": "a signal",
    "event": "an event",
    "any_of": "several things to wait for",
}
"""What a step lacks without a field."""

_PLACEHOLDER = re.compile(r"\{(\w+)(:number)?\}")


def called(step: Step | Mapping[str, Any]) -> str:
    """What people call a step: its title, else its name, else its kind."""
    stated = step if isinstance(step, Mapping) else vars(step)
    row = row_of(stated.get("kind"))
    texts = (stated.get("title"), stated.get("name"), row.title if row else None)
    text = next((text for text in texts if isinstance(text, str) and text.strip()), "A step")
    return f"“{text if len(text) <= CALLED_LENGTH_MAX else text[: CALLED_LENGTH_MAX - 1] + '…'}”"


def wording_parts(wording: Wording, values: Mapping[str, Any]) -> list[Part]:
    """The wording of a step in parts, so that a page can mark up names and expressions."""
    for sentence in wording:
        if all(
            isinstance(values.get(key), int | float) if is_number else values.get(key) not in (None, "")
            for key, is_number in _PLACEHOLDER.findall(sentence)
        ):
            return list(_parts(sentence, values))
    return []


def _parts(sentence: str, values: Mapping[str, Any]) -> Iterator[Part]:
    end = 0
    for placeholder in _PLACEHOLDER.finditer(sentence):
        yield sentence[end : placeholder.start()], placeholder[1], values[placeholder[1]]
        end = placeholder.end()
    if end < len(sentence):
        yield sentence[end:], "", None


def words_in_run(step: Step) -> str:
    """The description of a step in a run; empty if it would only repeat the step's name."""
    parts = wording_parts(step.traits.in_run, vars(step))
    words = "".join(f"{text}{'' if value is None else value}" for text, _, value in parts)
    return "" if step.traits.calls_worker and words == step.name else words


def wording_fields() -> frozenset[str]:
    """The fields that the wordings of canvas and runs need."""
    sentences = (sentence for row in KINDS.values() for sentence in (*row.on_canvas, *row.in_run))
    return frozenset(match[1] for sentence in sentences for match in _PLACEHOLDER.finditer(sentence))
