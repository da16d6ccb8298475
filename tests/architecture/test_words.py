"""Words that identifiers of this code do not use, because the vocabulary has another one for the same idea.

Looked at are names where they are defined: modules, classes, functions, arguments, variables, attributes.
Of tests, only the modules that hold no tests: the name of a test is a sentence.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PRODUCT, ROOT, modules

INSTEAD = {
    "case": "intervention",
    "cases": "interventions",
    "casework": "interventions",
    "ring": "dispatch",
    "rings": "dispatches",
    "rung": "dispatched",
    "tether": "parent_death",
    "valve": "backpressure",
    "desk": "writer",
    "lane": "runner",
    "who": "what the person is in it: caller, owner, actor",
    "whom": "what the person is in it",
    "whoever": "what the person is in it",
    "outlook": "consequences",
    "foresee": "preview",
    "foreseen": "preview",
    "palette": "catalog",
}
# Models whose tables and permissions have these names.
STORED = re.compile(r"Case(Policy|Mail|Act)")
# Names that stand in the database, in exported files or in addresses.
ALLOWED = {
    "runs/audit/audit.py": {"who", "case"},  # columns of the exported audit
    "runs/models/interventions.py": {"case"},  # columns
}
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def test_identifiers_use_the_words_of_the_vocabulary() -> None:
    helpers = [path for path in modules("tests") if not path.name.startswith("test_")]
    refused = [
        f"{path}: {name} (better: {INSTEAD[word]})"
        for path in [*modules(*PRODUCT), *helpers]
        for name in sorted(set(_defined(path)) - ALLOWED.get(str(path), set()))
        for word in _words(name)
        if word in INSTEAD
    ]
    assert not refused, "\n".join(["refused words:", *refused])


def test_every_exception_is_still_needed() -> None:
    unused = {name: words - set(_defined(Path(name))) for name, words in ALLOWED.items()}
    assert not any(unused.values()), unused


def test_words_are_found_in_names_of_every_form() -> None:
    assert _words("open_caseCount") == ["open", "case", "count"]
    assert _words("HTTPRingJob") == ["http", "ring", "job"]
    assert _words("casefold") == ["casefold"] and _words("CasePolicyAdmin") == ["admin"]


def _words(name: str) -> list[str]:
    return [part.lower() for part in PART.findall(STORED.sub("", name))]


def _defined(path: Path) -> Iterator[str]:
    yield from path.with_suffix("").parts
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name
            case _:
                pass
