"""Answers of the API as types. Objects may have more members than are named here."""

from __future__ import annotations

from typing import Any, TypedDict

Json = Any
Object = dict[str, Any]


class Problem(TypedDict):
    code: str
    path: str
    message: str


class Failure(TypedDict):
    step: str
    code: str
    message: str


class Step(TypedDict):
    name: str
    kind: str
    worker: str | None
    status: str
    undo: str
    attempts: int
    output: Json
    error: Object | None
    started_at: str | None
    finished_at: str | None
    added_by: str | None


class Run(TypedDict):
    id: str
    workflow: str
    version: int
    status: str
    labels: dict[str, str]
    input: Object
    context: Object
    output: Object
    error: Failure | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    parent: str | None
    last_seq: int
    steps: list[Step]


class Event(TypedDict):
    seq: int
    type: str
    run: str
    step: str
    attempt: int | None
    at: str
    status: str
    data: Object


class Events(TypedDict):
    events: list[Event]


class Runs(TypedDict):
    runs: list[Object]
    next: str | None


class Draft(TypedDict):
    revision: int
    problems: list[Problem]


class Problems(TypedDict):
    problems: list[Problem]
