"""A board in memory, as the tests in the project need it: one run a key, and whatever fault is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Board:
    """`answers` are given before anything else: a status, or an exception. `after` follows a start."""

    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    answers: list[int | BaseException] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    after: Callable[[], Any] = lambda: None

    def client(self) -> httpx2.Client:
        from sagaboard.outbox.delivery import open_client

        http: httpx2.Client = open_client(transport=httpx2.MockTransport(self._answer))
        return http

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer token"
        key, workflow = request.headers["idempotency-key"], request.url.path.split("/")[-2]
        self.posted.append(key)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return httpx2.Response(answer, json={"title": "no", "detail": "so it is"}, headers=self.headers)
        is_new = (workflow, key) not in self.runs
        run = self.runs.setdefault((workflow, key), str(uuid4()))
        self.after()
        body = {"id": run, "input": json.loads(request.content)["input"]}
        return httpx2.Response(201 if is_new else 200, json=body)
