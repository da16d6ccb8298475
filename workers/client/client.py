"""Makes calls of the API, with and without `await`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from workers.client import calls
from workers.client.call import Call
from workers.client.types import Event, Run

Answer = TypeVar("Answer")

TIMEOUT_S = 30.0
POLL_S = 0.2
POLL_S_MAX = 2.0
ENDED = frozenset({"completed", "compensated", "failed", "cancelled"})
PAGE = 1_000
PROBLEMS_SHOWN = 5


class ApiError(Exception):
    """The API refused a call. `problem` is its problem document (RFC 9457), if it gave one."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        text = str(problem.get("detail") or problem.get("title") or "no reason given")
        details = [f"{item.get('path')}: {item.get('message')}" for item in problem.get("problems", [])]
        more = [line for line in details[:PROBLEMS_SHOWN] if line not in text]
        super().__init__("\n  ".join([f"{status}: {text}", *more]))
        self.status = status
        self.problem = problem


def _options(url: str, token: str, timeout: float) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return {"base_url": f"{url.rstrip('/')}/api/v1", "headers": headers, "timeout": timeout}


def _request(http: httpx2.Client | httpx2.AsyncClient, call: Call[Any]) -> httpx2.Request:
    return http.build_request(
        call.method, call.path, params=call.query, json=call.body, headers=dict(call.headers)
    )


def _answer(response: httpx2.Response) -> Any:
    """Raises ApiError."""
    is_json = response.headers.get("content-type", "").partition(";")[0].endswith("json")
    if response.is_success:
        return response.json() if response.content and is_json else None
    problem = response.json() if is_json else {}
    raise ApiError(response.status_code, problem if isinstance(problem, dict) else {})


class Client:
    """A client of one board. `token`: made by `manage.py create_token`. `options`: of httpx2's client."""

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT_S, **options: Any) -> None:
        self._http = httpx2.Client(**_options(url, token, timeout), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call[Answer]) -> Answer:
        """Makes a call. Raises ApiError, and httpx2.HTTPError where the board cannot be reached."""
        answer: Answer = _answer(self._http.send(_request(self._http, call)))
        return answer

    def wait_for(self, run: str, seconds: float) -> Run:
        """The run when it has ended. Raises TimeoutError."""
        until, pause = time.monotonic() + seconds, POLL_S
        while (state := self.send(calls.get_run(run)))["status"] not in ENDED:
            if time.monotonic() >= until:
                raise TimeoutError(f"the run {run} is {state['status']} after {seconds:g} s")
            time.sleep(pause)
            pause = min(2 * pause, POLL_S_MAX)
        return state

    def events(self, run: str, after: int = 0) -> Iterator[Event]:
        """The journal of a run as it is now, read page by page."""
        while rows := self.send(calls.get_events(run, after, PAGE))["events"]:
            yield from rows
            after = rows[-1]["seq"]


class AsyncClient:
    """As `Client`, for code that awaits."""

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT_S, **options: Any) -> None:
        self._http = httpx2.AsyncClient(**_options(url, token, timeout), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, call: Call[Answer]) -> Answer:
        """Makes a call. Raises ApiError, and httpx2.HTTPError where the board cannot be reached."""
        answer: Answer = _answer(await self._http.send(_request(self._http, call)))
        return answer

    async def wait_for(self, run: str, seconds: float) -> Run:
        """The run when it has ended. Raises TimeoutError."""
        until, pause = time.monotonic() + seconds, POLL_S
        while (state := await self.send(calls.get_run(run)))["status"] not in ENDED:
            if time.monotonic() >= until:
                raise TimeoutError(f"the run {run} is {state['status']} after {seconds:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, POLL_S_MAX)
        return state

    async def events(self, run: str, after: int = 0) -> AsyncIterator[Event]:
        """The journal of a run as it is now, read page by page."""
        while rows := (await self.send(calls.get_events(run, after, PAGE)))["events"]:
            for row in rows:
                yield row
            after = rows[-1]["seq"]
