"""Counterexamples as files of runs, which `runs.transfer` opens like those of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from config.lib.json import iso
from designer.document.document import dump
from runs.explorer import moves
from runs.explorer.search import Counterexample
from runs.explorer.world import ROOT, Member, World
from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.states import RUN_ENDED, RunState, State
from runs.queries.snapshot import replayed_snapshot
from runs.transfer.export import FORMAT, SCHEMA, entry_json

Json = dict[str, Any]
ORIGIN = "an exploration"


def history_of(found: Counterexample, document: Mapping[str, Any], resolved: Mapping[str, Any]) -> Json:
    """Returns the file of a counterexample. `document`, `resolved`: those of the workflow.

    A run's file is one of an ended run, so a history that goes no further is ended where it stands.
    """
    world = found.world
    if world.root.state.run.status not in RUN_ENDED:
        world = world.fork()
        moves.abandon(world)
    entries: dict[str, list[Entry]] = {}
    for path, entry in world.entries():
        entries.setdefault(path, []).append(entry)
    members = [member for member in world.members.values() if member.state.run.status in RUN_ENDED]
    own = {"document": dict(document), "resolved": dict(resolved)}
    runs = [_run(world, member, entries[member.path], own) for member in members]
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "exported_at": iso(world.now),
        "exported_from": ORIGIN,
        "runs": [run for run in runs if run["parent"] is None or _is_kept(run["parent"], runs)],
    }


def _is_kept(parent: str, runs: list[Json]) -> bool:
    return any(run["id"] == parent for run in runs)


def _id(path: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"explored:{path}"))


def _run(world: World, member: Member, entries: list[Entry], own: Json) -> Json:
    written = dump(member.abstraction.original)
    definition = own if member.path == ROOT else {"document": written, "resolved": written}
    return {
        "id": _id(member.path),
        "parent": None if member.parent is None else _id(member.parent),
        "parent_step": member.step,
        "workflow": member.abstraction.original.name,
        "version": None,
        "trial": True,
        "labels": {},
        "input": {},
        "created_at": iso(entries[0].at),
        "started_by": "",
        "definition": definition,
        "state": _replayed(entries),
        "journal": [entry_json(entry) for entry in entries],
    }


def _replayed(entries: list[Entry]) -> Json:
    """Returns the state that the journal leads to, as a page starts from it."""
    state = State(RunState(), {}, Nothing())
    for entry in entries:
        apply(state, entry)
    shown: Json = orjson.loads(orjson.dumps(replayed_snapshot(state, entries)))
    return shown
