"""Reads a streamed chat completion: events whose data are chunks of JSON (server-sent events). PURE.

https://html.spec.whatwg.org/multipage/server-sent-events.html; chunks as OpenAI's API sends them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json

DONE = "[DONE]"


class Completion:
    """What has come of an answer. `feed` takes its bytes in any parts."""

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        self.text = ""
        self.model = ""
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] = {}
        self.error = ""
        self.is_done = False
        self._on_text = on_text
        self._rest = b""

    def feed(self, part: bytes) -> None:
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._data(line[5:].strip().decode(errors="replace"))

    def _data(self, text: str) -> None:
        if text == DONE:
            self.is_done = True
            return
        try:
            chunk = read_json(text)
        except Unreadable as error:
            self.error = f"a part of the answer is not JSON: {error}"
            return
        if isinstance(chunk, dict):
            self._chunk(chunk)

    def _chunk(self, chunk: dict[str, Any]) -> None:
        if chunk.get("error"):
            error = chunk["error"]
            self.error = str(error.get("message") if isinstance(error, dict) else error)
        self.model = str(chunk.get("model") or self.model)
        usage = chunk.get("usage")
        self.usage = usage if isinstance(usage, dict) else self.usage
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        delta = choice.get("delta") or choice.get("message") or {}
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            self.text += text
            if self._on_text:
                self._on_text(self.text)
