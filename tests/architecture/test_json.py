"""JSON from outside is decoded in one place, `config.lib.json_reader`.

Other modules may decode only what the product wrote itself; they are listed with what that is.
"""

from __future__ import annotations

import ast
from typing import Final

from tests.architecture.source import imports_of, product_trees

READER: Final = "config/lib/json_reader.py"
OWN_JSON: Final = {
    "config/lib/secrets.py": "what a seal proves to be the product's own",
    "config/operations/projects/reloading.py": "what a copy of this process has said",
    "workers/outbox/enqueue.py": "what was encoded in the same line",
    "designer/web/bundle.py": "the manifest of the built scripts",
    "runs/delivery/worker_processes.py": "how processes ended, as the pool noted it",
    "runs/proof/histories.py": "a snapshot that was made a line before",
    "runs/queries/journal.py": "a column of the journal",
    "runs/store/reader.py": "a column of a run or step",
    "runs/store/writer.py": "what was encoded a line before",
    "runs/transfer/import_.py": "a snapshot that was made a line before",
    "workers/rehearsal/service.py": "lines of the process that it has started",
    "workers/rehearsal/sandbox/process.py": "the job that `service` has given it",
    "workers/library/text/renderer.py": "lines of the process that started it",
    "workers/library/text/rendering.py": "lines of the renderer",
    "workers/library/demo/generator.py": "rows of the demo's own pattern",
}
DECODERS: Final = {"json": {"loads", "load", "JSONDecoder"}, "orjson": {"loads"}, "request": {"json"}}


def test_json_from_outside_is_decoded_by_one_reader() -> None:
    places = {path for path, tree in product_trees().items() if _decodes(tree)}
    assert places == {READER, *OWN_JSON}


def _decodes(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in DECODERS.get(node.value.id, ())
        or isinstance(node, ast.ImportFrom)
        and node.module in DECODERS
        and any(name.name in DECODERS[node.module] for name in node.names)
        for node in ast.walk(tree)
    )


def test_pickle_reads_nothing_but_what_the_same_process_has_pickled() -> None:
    users = {
        path
        for path, tree in product_trees().items()
        if {"pickle", "shelve", "marshal", "dill"} & set(imports_of(tree))
    }
    assert users == {"workers/execution/isolation.py"}
