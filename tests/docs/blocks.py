"""Fenced blocks of the documents, and the markers before them. Reading only; knows no language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
MARKER = re.compile(r"<!-- (?P<name>[a-z]+)(?:: (?P<text>.*?))? -->")


@dataclass(frozen=True)
class Block:
    """One fenced block. `markers`: HTML comments right before it, by name."""

    path: str
    line: int
    language: str
    text: str
    markers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    return tuple(block for path in DOCS for block in _of(path))


def _of(path: Path) -> Iterator[Block]:
    lines = path.read_text(encoding="utf-8").splitlines()
    name, start = path.relative_to(ROOT).as_posix(), None
    markers: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if start is None:
            if fence:
                start, indent, language = number, len(fence["indent"]), fence["language"]
            elif marker := MARKER.fullmatch(line.strip()):
                markers[marker["name"]] = marker["text"] or ""
            elif line.strip():
                markers = {}
        elif fence and not fence["language"] and len(fence["indent"]) == indent:
            text = "\n".join(part[indent:] for part in lines[start : number - 1])
            yield Block(name, start, language, text + "\n", markers)
            start, markers = None, {}
    assert start is None, f"{name}:{start}: a block without an end"


def is_settings(block: Block) -> bool:
    """Whether it shows variables of the environment and no command."""
    return all(re.match(r"[A-Z_]+=", line) for line in block.text.splitlines())
