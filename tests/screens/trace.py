"""`python -m tests.screens.trace`: the picture of a trace in the docs, from what a collector really gets.

An order is run whose payment fails once and whose shipment fails for good, and its spans are drawn as a
waterfall: time to the right, each span below its parent, and an arrow from each undo to the step it undoes.
"""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.board import ARGS, CHROMIUM
from tests.otlp import Received, collecting

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pictures" / "trace.png"
ORDER = {
    "order_items": [{"sku": "MUG-002", "quantity": 2}],
    "customer": "ada@example.com",
    "simulate": {
        "reserve_inventory": "slow:0.3",
        "charge_payment": "temporary:1",
        "create_shipment": "critical",
        "refund_payment": "slow:0.4",
        "release_inventory": "slow:0.3",
    },
}
WIDTH, NAMES, ROW, TOP, MARGIN = 1280, 330, 30, 70, 24
COLORS = {"run": "#3b4a63", "step": "#2f6fde", "attempt": "#7aa7f0", "rollback": "#8a5a00", "undo": "#c98a12"}
FAILED = "#c0392b"


def main() -> int:
    svg = drawn(list(in_order(spans())))
    page_text = f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}</style>{svg}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 200}, device_scale_factor=2)
        page.set_content(page_text)
        page.locator("svg").screenshot(path=PICTURE)
        browser.close()
    print(f"written: {PICTURE}")
    return 0


def spans() -> list[Received]:
    with tempfile.TemporaryDirectory() as folder, collecting() as collector:
        facts = {"DATA_DIR": folder, "SIMULATE_FAULTS": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        for words in (
            ("migrate", "--verbosity", "0"),
            ("import_workflow", "designer/patterns/order_processing.yaml", "--publish"),
            ("run_workflow", "order_processing", "--local", "--input", json.dumps(ORDER)),
        ):
            command = [sys.executable, "manage.py", *words]
            subprocess.run(
                command, cwd=ROOT, env={**os.environ, **facts}, stdout=subprocess.DEVNULL, check=False
            )
        return collector.spans


def in_order(found: Sequence[Received], parent: str = "", depth: int = 0) -> Iterator[tuple[Received, int]]:
    """Each span with its depth, children behind their parent by time."""
    for span in sorted(found, key=lambda span: span.start_ns):
        if span.parent == parent:
            yield span, depth
            yield from in_order(found, span.id, depth + 1)


def drawn(rows: Sequence[tuple[Received, int]]) -> str:
    run = rows[0][0]
    whole = max(1, run.end_ns - run.start_ns)
    right = WIDTH - MARGIN - 110
    ends = {span.id: span.end_ns for span, _ in rows}
    lines = {span.id: TOP + number * ROW for number, (span, _) in enumerate(rows)}

    def x(at: int) -> float:
        return NAMES + (at - run.start_ns) / whole * (right - NAMES)

    parts = [
        f'<text x="{MARGIN}" y="32" class="title">trace {run.trace}</text>',
        *(
            tick(x(run.start_ns + whole * part // 4), f"{whole * part / 4e6:.0f} ms", TOP + len(rows) * ROW)
            for part in range(5)
        ),
    ]
    for span, depth in rows:
        parts += row(span, depth, lines[span.id], x(span.start_ns), x(span.end_ns))
    for span, _ in rows:
        parts += [link(x(span.start_ns), lines[span.id], x(ends[one]), lines[one]) for one in span.links]
    height = TOP + len(rows) * ROW + MARGIN
    size = f'width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{STYLE}{"".join(parts)}</svg>'


def tick(place: float, label: str, bottom: int) -> str:
    return (
        f'<line x1="{place}" y1="{TOP - 10}" x2="{place}" y2="{bottom}" class="tick"/>'
        f'<text x="{place}" y="{TOP - 16}" class="small" text-anchor="middle">{label}</text>'
    )


def row(span: Received, depth: int, y: int, start: float, end: float) -> list[str]:
    kind = span.name.partition(" ")[0]
    color = FAILED if span.is_error else COLORS[kind]
    width = max(3.0, end - start)
    duration = f"{(span.end_ns - span.start_ns) / 1e6:.0f} ms"
    code = span.attributes.get("error.type", "")
    return [
        f'<text x="{MARGIN + depth * 22}" y="{y + 19}" class="name">{html.escape(span.name)}</text>',
        f'<rect x="{start}" y="{y + 5}" width="{width}" height="{ROOM}" rx="4" fill="{color}"/>',
        f'<text x="{start + width + 8}" y="{y + 19}" class="small">{duration} {html.escape(code)}</text>',
    ]


ROOM = ROW - 12
STYLE = (
    '<style>svg{background:#fff;font-family:"Noto Sans","DejaVu Sans",sans-serif}'
    ".title{font-size:17px;fill:#1c2433;font-weight:600}.name{font-size:14px;fill:#1c2433}"
    ".small{font-size:12px;fill:#5b6779}.tick{stroke:#e3e7ee}"
    ".link{stroke:#8a5a00;fill:none;stroke-width:1.5;stroke-dasharray:4 3}</style>"
    '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" fill="#8a5a00"/></marker></defs>'
)


def link(start: float, y: int, end: float, undone: int) -> str:
    """From the beginning of an undo to the end of the step that it undoes."""
    high = undone + ROW - 3
    path = f"M{start + 2} {y + 5} V{high + 6} Q{start + 2} {high} {start - 4} {high} H{end + 2}"
    return f'<path class="link" d="{path}" marker-end="url(#head)"/>'


if __name__ == "__main__":
    sys.exit(main())
