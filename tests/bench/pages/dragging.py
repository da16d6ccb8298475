"""How fluently a browser draws while something is dragged or zoomed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from playwright.sync_api import CDPSession, Page

MOVES = 90
WHEELS = 40
WHEEL_PX = 12
FRAMES = """() => {
  const isNoting = window.frames_seen !== undefined;
  window.frames_seen = [];
  const note = (at) => { window.frames_seen.push(at); requestAnimationFrame(note); };
  if (!isNoting) requestAnimationFrame(note);
}"""


@dataclass(frozen=True)
class Motion:
    """`fps`: frames a second; `work_ms`: what the page's thread did for a frame."""

    fps: float
    work_ms: float


def panned(page: Page, cdp: CDPSession) -> Motion:
    """The canvas moved by its ground, from its middle."""
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    before = _begin(page, cdp)
    for move in range(MOVES):
        page.mouse.move(x + 2 * move, y + move)
    found = _motion(page, cdp, before)
    page.mouse.up()
    return found


def zoomed(page: Page, cdp: CDPSession) -> Motion:
    """Zoomed in by the wheel, and out again."""
    page.mouse.move(*_middle(page))
    page.keyboard.down("Control")
    before = _begin(page, cdp)
    for wheel in range(2 * WHEELS):
        page.mouse.wheel(0, -WHEEL_PX if wheel < WHEELS else WHEEL_PX)
    found = _motion(page, cdp, before)
    page.keyboard.up("Control")
    return found


def dragged_fps(page: Page, x: float, y: float) -> float:
    """Frames a second while what is at a point of the page is dragged away from it."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for move in range(MOVES):
        page.mouse.move(x + 2 * move, y + move)
    fps, _ = _seen(page)
    page.mouse.up()
    return fps


def told(motions: list[Motion]) -> str:
    best = max(motion.fps for motion in motions)
    work = median(motion.work_ms for motion in motions)
    return f"{best:.0f} fps at best, {work:.1f} ms of work a frame"


def _middle(page: Page) -> tuple[float, float]:
    box = page.locator(".react-flow__pane").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _begin(page: Page, cdp: CDPSession) -> float:
    page.evaluate(FRAMES)
    return _work_s(cdp)


def _motion(page: Page, cdp: CDPSession, before: float) -> Motion:
    work_s = _work_s(cdp) - before
    fps, frames = _seen(page)
    return Motion(fps, 1_000 * work_s / frames)


def _seen(page: Page) -> tuple[float, int]:
    seen: list[float] = page.evaluate("() => window.frames_seen")
    return 1_000 * (len(seen) - 1) / (seen[-1] - seen[0]), len(seen) - 1


def _work_s(cdp: CDPSession) -> float:
    """Needs `Performance.enable`."""
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])
