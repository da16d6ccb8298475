"""Close codes as a real browser sees them, through Daphne and Autobahn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

CODE = """async ([path, messages, length]) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + path);
  const closed = new Promise((resolve) => { socket.onclose = ({ code }) => resolve(code); });
  await new Promise((resolve) => { socket.onopen = resolve; });
  for (let sent = 0; sent < messages; sent += 1) socket.send("x".repeat(length));
  return await Promise.race([closed, new Promise((resolve) => setTimeout(() => resolve("open"), 10_000))]);
}"""


@pytest.mark.parametrize(
    ("path", "messages", "length", "code"),
    [
        ("/ws/runs/", 70, 1, 1008),
        ("/ws/runs/", 1, 2_000, 1009),
        ("/ws/runs/01a20617-51be-779d-b020-d363b36b87fb/", 0, 0, 4404),
        ("/ws/runs/01a20617-51be-779d-b020-d363b36b87fb/?after=x", 0, 0, 4400),
    ],
)
def test_a_browser_is_told_why_its_socket_was_closed(
    page: Page, path: str, messages: int, length: int, code: int
) -> None:
    page.goto("/accounts/")
    assert page.evaluate(CODE, [path, messages, length]) == code
