"""Calls on workflows, their drafts and versions, and on the folders and views of lists; part of `calls`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.client.call import Call
from workers.client.call import describe as _call
from workers.client.types import Draft, Object, Problems

Names = Mapping[str, Sequence[str]]  # `groups` and `people`


def list_workflows(q: str = "", after: str | None = None) -> Call[Object]:
    return _call("GET", "/workflows", query={"q": q or None, "after": after})


def get_workflow(name: str) -> Call[Object]:
    return _call("GET", "/workflows/{name}", name)


def list_versions(name: str) -> Call[Object]:
    return _call("GET", "/workflows/{name}/versions", name)


def get_version(name: str, number: int) -> Call[Object]:
    return _call("GET", "/workflows/{name}/versions/{number}", name, number)


def get_forecast(name: str) -> Call[Object]:
    """What a forecast of the workflow rests on: figures of its steps from its latest ended runs."""
    return _call("GET", "/workflows/{name}/forecast", name)


def get_worker(name: str) -> Call[Object]:
    """What its author says of a worker, the processes that have it, which steps call it, how that went."""
    return _call("GET", "/workers/{name}", name)


def get_worker_blast_radius(name: str) -> Call[Object]:
    """What depends on a worker now."""
    return _call("GET", "/workers/{name}/blast-radius", name)


def get_connection_blast_radius(name: str) -> Call[Object]:
    """What depends on a connection now."""
    return _call("GET", "/connections/{name}/blast-radius", name)


def validate(document: Mapping[str, Any]) -> Call[Problems]:
    return _call("POST", "/workflows/validate", body=document)


def save_draft(name: str, document: Mapping[str, Any], revision: int) -> Call[Draft]:
    """`revision`: the one that was read, 0 for a new workflow. A newer one is answered with 412."""
    headers = {"If-Match": str(revision)}
    return _call("PUT", "/workflows/{name}/draft", name, body=document, headers=headers)


def discard_draft(name: str, revision: int) -> Call[None]:
    return _call("DELETE", "/workflows/{name}/draft", name, headers={"If-Match": str(revision)})


def publish(
    name: str, revision: int | None = None, note: str = "", despite_failed_tests: bool = False
) -> Call[Object]:
    """`note`: what is new in it. Failing tests are answered with 409, unless it is to be despite them."""
    headers = {"If-Match": None if revision is None else str(revision)}
    body = {"note": note} | ({"despite_failed_tests": True} if despite_failed_tests else {})
    return _call("POST", "/workflows/{name}/publish", name, body=body, headers=headers)


def get_tests(name: str) -> Call[Object]:
    return _call("GET", "/workflows/{name}/tests", name)


def save_tests(name: str, tests: Sequence[Mapping[str, Any]], etag: str | None = None) -> Call[Object]:
    """Replaces the tests of a workflow; with the `etag` of those that were read only if they are still so."""
    headers = {"If-Match": etag}
    return _call("PUT", "/workflows/{name}/tests", name, body={"tests": list(tests)}, headers=headers)


def run_tests(name: str, only: Sequence[str] | None = None) -> Call[Object]:
    """Runs saved tests on the draft: all, or those of the names in `only`."""
    body = {} if only is None else {"only": list(only)}
    return _call("POST", "/workflows/{name}/tests/run", name, body=body)


def record_test(name: str, run: str, test: str) -> Call[Object]:
    """Makes a test of a run, under the name `test`."""
    return _call("POST", "/workflows/{name}/tests/record", name, body={"run": run, "name": test})


def set_publish_needs(name: str, needs: str) -> Call[Object]:
    """`needs`: `nothing`, `proof` or `rehearsal`."""
    return _call("PUT", "/workflows/{name}/publish-needs", name, body={"needs": needs})


def prove(name: str, revision: int | None = None, pairs: int | None = None) -> Call[Object]:
    """Starts the proof of what would be published. `pairs`: how many states pairs of faults may take."""
    headers = {"If-Match": None if revision is None else str(revision)}
    return _call("POST", "/workflows/{name}/proof", name, body={"pairs": pairs}, headers=headers)


def get_proof(name: str) -> Call[Object]:
    """The newest proof; `state` is `running` until it is done."""
    return _call("GET", "/workflows/{name}/proof", name)


def stop_proof(name: str) -> Call[None]:
    return _call("DELETE", "/workflows/{name}/proof", name)


def open_counterexample(name: str, number: int) -> Call[Object]:
    """Opens a counterexample, counted from 0, as a run to look at."""
    return _call("POST", "/workflows/{name}/proof/counterexamples/{number}/run", name, number)


def mend_by_proof(name: str, counterexample: int, mend: int) -> Call[Object]:
    """Changes the draft as a counterexample proposes; both are counted from 0."""
    body = {"counterexample": counterexample, "mend": mend}
    return _call("POST", "/workflows/{name}/proof/mend", name, body=body)


def rehearse(
    name: str,
    input: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    check: str = "",
) -> Call[Object]:
    """`outputs`: what stubs answer, by step; `check`: a worker that judges the books, or `=expression`."""
    body = {"input": input, "outputs": outputs or {}, "check": check}
    return _call("POST", "/workflows/{name}/rehearsal", name, body=body)


def get_rehearsal(name: str) -> Call[Object]:
    return _call("GET", "/workflows/{name}/rehearsal", name)


def stop_rehearsal(name: str) -> Call[Object]:
    return _call("DELETE", "/workflows/{name}/rehearsal", name)


def list_examined_undos() -> Call[Object]:
    """What rehearsals have shown of undos: whether they leave the same books whenever they come."""
    return _call("GET", "/examined-undos")


def delete_workflow(name: str) -> Call[None]:
    """One that was never published."""
    return _call("DELETE", "/workflows/{name}", name)


def duplicate_workflow(name: str, copy: str) -> Call[Object]:
    return _call("POST", "/workflows/{name}/duplicate", name, body={"name": copy})


def archive_workflow(name: str) -> Call[None]:
    return _call("POST", "/workflows/{name}/archive", name)


def bring_workflow_back(name: str) -> Call[None]:
    return _call("POST", "/workflows/{name}/bring-back", name)


def favour_workflow(name: str) -> Call[None]:
    return _call("PUT", "/workflows/{name}/favourite", name)


def disfavour_workflow(name: str) -> Call[None]:
    return _call("DELETE", "/workflows/{name}/favourite", name)


def list_folders() -> Call[Object]:
    return _call("GET", "/folders")


def create_folder(name: str) -> Call[Object]:
    return _call("POST", "/folders", body={"name": name})


def rename_folder(folder: int, name: str) -> Call[Object]:
    return _call("PATCH", "/folders/{folder_id}", folder, body={"name": name})


def remove_folder(folder: int) -> Call[None]:
    """Its workflows stay, in no folder."""
    return _call("DELETE", "/folders/{folder_id}", folder)


def move_workflows(workflows: Sequence[str], folder: int | None = None) -> Call[Object]:
    return _call("POST", "/folders/move", body={"workflows": list(workflows), "folder": folder})


def get_folder_rights(folder: int) -> Call[Object]:
    return _call("GET", "/folders/{folder_id}/rights", folder)


def put_folder_rights(
    folder: int, view: Names | None = None, design: Names | None = None, operate: Names | None = None
) -> Call[Object]:
    """Each act with `groups` and `people`, by name; one that is left out stays as it is."""
    stated = {"view": view, "design": design, "operate": operate}
    body = {act: names for act, names in stated.items() if names is not None}
    return _call("PUT", "/folders/{folder_id}/rights", folder, body=body)


def list_views() -> Call[Object]:
    return _call("GET", "/views")


def save_view(name: str, query: str, shared: bool = False) -> Call[Object]:
    return _call("POST", "/views", body={"name": name, "query": query, "shared": shared})


def delete_view(view: int) -> Call[None]:
    return _call("DELETE", "/views/{view_id}", view)


def get_coverage_of_draft(name: str, step: str | None = None) -> Call[Object]:
    return _call("GET", "/workflows/{name}/draft/coverage", name, query={"step": step})


def get_coverage_of_version(name: str, number: int, step: str | None = None) -> Call[Object]:
    path = "/workflows/{name}/versions/{number}/coverage"
    return _call("GET", path, name, number, query={"step": step})
