"""What people state of a trigger, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.lib.json_reader import fault_of, json_path
from runs.machine.limits import (
    ANSWER_WAIT_S_MAX,
    FOLDER_LENGTH_MAX,
    PATTERN_LENGTH_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    TRIGGER_NAME_LENGTH_MAX,
    TRIGGER_WHEN_LENGTH_MAX,
)
from runs.models import Trigger
from runs.triggers.incoming import mapping, verification
from runs.triggers.schedules import times as schedules

HEADERS_MAX = 20
MAPPED_MAX = 100
SECRET_HEADERS = frozenset(
    {
        *("authorization", "cookie", "proxy-authorization", "x-csrftoken", "x-hub-signature"),
        *(verification.GITHUB, verification.STRIPE, verification.SLACK, verification.STANDARD),
    }
)
HEADER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}", re.ASCII)
INPUT_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
EVENT_TYPE = re.compile(r"[^\s*]{1,200}|[^\s*]{1,198}\.\*|\*")
DELIVERY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}|body(\.[A-Za-z0-9_-]{1,60}){1,5}", re.ASCII)
FOLDER_PART = re.compile(r"[^/\\\x00-\x1f]{1,100}")


class Answer(BaseModel):
    """How a webhook answers: after `wait` seconds at most, with the run's output and `status`.

    `failed`: the status for a run that ended otherwise than completed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    wait: int = Field(ge=1, le=ANSWER_WAIT_S_MAX)
    status: int = Field(200, ge=200, le=299)
    failed: int = Field(500, ge=400, le=599)


@dataclass(frozen=True)
class TriggerSpec:
    """The fields of a trigger that a person sets. Fields of other kinds keep their default."""

    name: str = ""
    event_type: str = ""
    when: str = ""
    map: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[str] = ()
    input_key: str = ""
    delivery: str = ""
    verify: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    cron: str = ""
    every: int | None = None
    at: datetime | None = None
    zone: str = "UTC"
    overlap: str = Trigger.Overlap.ALLOW
    misfire: str = Trigger.Misfire.ONCE
    input: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    pattern: str = ""
    is_enabled: bool = True
    priority: int = PRIORITY_STANDARD


OF_ALL = ("name", "priority")
FIELDS: dict[str, tuple[str, ...]] = {
    Trigger.Kind.EVENT: (*OF_ALL, "event_type", "when", "map", "input_key"),
    Trigger.Kind.HOOK: (*OF_ALL, "verify", "when", "map", "headers", "input_key", "delivery", "answer"),
    Trigger.Kind.SCHEDULE: (*OF_ALL, "cron", "every", "at", "zone", "overlap", "misfire", "input"),
    Trigger.Kind.FILE: (*OF_ALL, "folder", "pattern", "when", "map", "input_key"),
}


def spec_of(trigger: Trigger) -> TriggerSpec:
    values = {name: getattr(trigger, name) for name in (*FIELDS[trigger.kind], "is_enabled")}
    return TriggerSpec(**values | ({"headers": tuple(trigger.headers)} if "headers" in values else {}))


def problems_of(kind: str, spec: TriggerSpec) -> list[dict[str, str]]:
    """What is wrong with a trigger, as `{code, path, message}`."""
    return [{"code": "bad_trigger", "path": path, "message": text} for path, text in _problems(kind, spec)]


def _problems(kind: str, spec: TriggerSpec) -> Iterator[tuple[str, str]]:
    own = FIELDS[kind]
    for name in own:
        value = getattr(spec, name)
        if not isinstance(value, datetime) and (fault := fault_of(value)):
            yield name, f"{json_path(fault[1]) or 'it'} {fault[0].message}"
        elif problem := CHECKS[name](spec) if name in CHECKS else "":
            yield name, problem
    blank = TriggerSpec()
    for name in {name for names in FIELDS.values() for name in names} - set(own):
        if getattr(spec, name) not in (getattr(blank, name), []):
            yield name, f"a trigger of the kind {kind} has none"
    yield from mapping.problems_of(kind, spec.when, spec.map)
    if spec.verify:
        yield from verification.problems_of(spec.verify)
    if kind == Trigger.Kind.SCHEDULE:
        yield from schedules.problems_of(spec.cron, spec.every, spec.at, spec.zone)


def _name(spec: TriggerSpec) -> str:
    return (
        "" if len(spec.name) <= TRIGGER_NAME_LENGTH_MAX else f"at most {TRIGGER_NAME_LENGTH_MAX} characters"
    )


def _priority(spec: TriggerSpec) -> str:
    is_one = 0 <= spec.priority <= PRIORITY_MAX
    return "" if is_one else f"a priority is a whole number from 0 to {PRIORITY_MAX}"


def _event_type(spec: TriggerSpec) -> str:
    if EVENT_TYPE.fullmatch(spec.event_type):
        return ""
    return (
        "the type of an event has 1 to 200 characters and no blanks, like order.placed; "
        "order.* stands for all that begin with order."
    )


def _when(spec: TriggerSpec) -> str:
    return (
        "" if len(spec.when) <= TRIGGER_WHEN_LENGTH_MAX else f"at most {TRIGGER_WHEN_LENGTH_MAX:,} characters"
    )


def _map(spec: TriggerSpec) -> str:
    if spec.map and (spec.input_key or spec.headers):
        return "a map makes the whole input, so there is no key or header beside it"
    return "" if len(spec.map) <= MAPPED_MAX else f"at most {MAPPED_MAX} keys"


def _input_key(spec: TriggerSpec) -> str:
    if not spec.input_key or INPUT_KEY.fullmatch(spec.input_key):
        return ""
    return "a key of the input is a word of letters, digits and _, like raw_event"


def _delivery(spec: TriggerSpec) -> str:
    if not spec.delivery or DELIVERY.fullmatch(spec.delivery):
        return ""
    return "a delivery's id stands in a header, like x-delivery-id, or in the body, like body.event.id"


def _headers(spec: TriggerSpec) -> str:
    if len(spec.headers) > HEADERS_MAX:
        return f"at most {HEADERS_MAX} headers can go into the input"
    for name in spec.headers:
        if not HEADER_NAME.fullmatch(name):
            return f"{name!r} is no name of a header; write it like x-github-event"
        if name in SECRET_HEADERS | {str(spec.verify.get("header", "")).lower()}:
            return f"{name} may hold secrets, and an input is no place for them"
    return ""


def _answer(spec: TriggerSpec) -> str:
    if not spec.answer:
        return ""
    try:
        Answer.model_validate(spec.answer)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
    return ""


def _folder(spec: TriggerSpec) -> str:
    parts = spec.folder.split("/")
    is_below = all(FOLDER_PART.fullmatch(part) and part.strip(". ") for part in parts)
    if is_below and len(spec.folder) <= FOLDER_LENGTH_MAX:
        return ""
    return "a folder lies below the folder files of the data folder; write it like inbox or orders/in"


def _pattern(spec: TriggerSpec) -> str:
    if len(spec.pattern) <= PATTERN_LENGTH_MAX and "/" not in spec.pattern:
        return ""
    return f"a pattern of names has no / and at most {PATTERN_LENGTH_MAX} characters; write it like *.csv"


def _overlap(spec: TriggerSpec) -> str:
    values = Trigger.Overlap.values
    return "" if spec.overlap in values else f"one of {', '.join(values)}"


def _misfire(spec: TriggerSpec) -> str:
    values = Trigger.Misfire.values
    return "" if spec.misfire in values else f"one of {', '.join(values)}"


CHECKS: dict[str, Callable[[TriggerSpec], str]] = {
    "name": _name,
    "priority": _priority,
    "event_type": _event_type,
    "when": _when,
    "map": _map,
    "input_key": _input_key,
    "delivery": _delivery,
    "headers": _headers,
    "answer": _answer,
    "folder": _folder,
    "pattern": _pattern,
    "overlap": _overlap,
    "misfire": _misfire,
}
