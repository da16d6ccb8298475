"""Every command that the documents show runs against a product that is started once, and says what they show.

A command that cannot run here is in a block below `<!-- norun: why -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.docs.blocks import Block, blocks, is_settings
from tests.docs.product import Product, running_product

LANGUAGES = ("console", "sh", "bash")
EXIT_CODE = re.compile(r"#.*?exit code (\d)")
SETTING = re.compile(r"(?:export )?([A-Z_]+)=(\S+)")
START = re.compile(r"(?:[A-Z_]+=\S+ )*make up\b.*")
ANYTHING = "…"


@dataclass(frozen=True)
class Command:
    """A line after a prompt, with the output that is shown below it."""

    block: Block
    line: str
    shown: str

    @property
    def code(self) -> int:
        said = EXIT_CODE.search(self.line)
        return int(said[1]) if said else 0

    @property
    def is_start(self) -> bool:
        return START.fullmatch(self.line) is not None

    @property
    def settings(self) -> dict[str, str]:
        """Of a line that starts the product or is for the shell's environment."""
        is_for_all = self.is_start or self.line.startswith("export ")
        return dict(SETTING.findall(self.line)) if is_for_all else {}

    def wrong(self, code: int, output: str) -> str | None:
        """How this differs from what the document says; None where it does not."""
        if code != self.code:
            return f"{self.block}: {self.line}\nends with {code}, not {self.code}:\n{output}"
        if self.shown and not pattern(self.shown).fullmatch(output.rstrip() + "\n"):
            return f"{self.block}: {self.line}\nshown:\n{self.shown}\nsaid:\n{output}"
        return None


def pattern(shown: str) -> re.Pattern[str]:
    """`…` stands for anything in a line; a line of its own stands for any number of lines."""
    lines = ("(?:.*\n)*?" if line.strip() == ANYTHING else _line(line) for line in shown.splitlines())
    return re.compile("".join(lines))


def _line(shown: str) -> str:
    return ".*".join(re.escape(part.rstrip()) for part in shown.split(ANYTHING)) + " *\n"


def commands() -> Iterator[Command]:
    for block in blocks():
        checked_elsewhere = {"norun", "tested"} & block.markers.keys() or is_settings(block)
        if block.language in LANGUAGES and not checked_elsewhere:
            yield from _of(block)


def _of(block: Block) -> Iterator[Command]:
    text = block.text.replace("\\\n", " ")
    if block.language != "console":
        yield from (Command(block, line, "") for line in text.splitlines() if line.strip())
        return
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *shown = _whole(part)
        yield Command(block, line, "".join(f"{words}\n" for words in shown))


def _whole(part: str) -> list[str]:
    """The lines of a command and its output; those within one quotation are one line."""
    lines = part.rstrip().split("\n")
    while len(lines) > 1 and lines[0].count("'") % 2:
        lines[:2] = [f"{lines[0]}\n{lines[1]}"]
    return lines


def joined(settings: dict[str, list[str]]) -> dict[str, str]:
    return {name: ",".join(dict.fromkeys(values)) for name, values in settings.items()}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    files = {block.markers["file"]: block.text for block in blocks() if "file" in block.markers}
    settings: dict[str, list[str]] = {}  # of all documents: the product is started once
    for command in commands():
        for name, value in command.settings.items():
            settings.setdefault(name, []).append(value)
    with running_product(tmp_path_factory.mktemp("docs"), files, joined(settings)) as found:
        yield found


def test_every_command_does_what_is_shown(product: Product) -> None:
    found = []
    for command in commands():
        if command.is_start:
            found.append(command.wrong(0, _start_of(product.said)))
        elif not command.line.startswith("export "):
            found.append(command.wrong(*product.type(command.line)))
    assert not any(found), "\n\n".join(filter(None, found))


def _start_of(said: str) -> str:
    return said.strip().split("Ctrl-C stops")[0] + "Ctrl-C stops everything in order."
