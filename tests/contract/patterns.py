"""The shipped workflows as JSON, for tests of the canvas; `python -m tests.contract.patterns` writes them."""

from __future__ import annotations

import json
from pathlib import Path

from designer.patterns import NAMES, read

PATH = Path(__file__).parent / "shipped" / "workflows.json"


def text() -> str:
    return json.dumps({"documents": [read(name) for name in NAMES]}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
