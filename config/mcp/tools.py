"""The tools that agents have: a name, what it is for, who may use it, and the call of the REST API behind it.

The arguments of a tool are those of its function; pydantic makes their schema and checks them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from config.accounts.permissions import Act
from workers.client import calls
from workers.client.call import Call
from workers.client.calls import Answer
from workers.client.types import Object

EVENTS_MAX = 200


@dataclass(frozen=True)
class Tool:
    """One tool. `changes`: whether it changes anything."""

    name: str
    act: Act
    call: Callable[..., Call[Any]]
    doc: str
    changes: bool = False

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The model of its arguments, made from the signature of the call."""
        hints = get_type_hints(self.call)
        fields: dict[str, Any] = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in inspect.signature(self.call).parameters.items()
        }
        model: type[BaseModel] = create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)
        return model


def get_events(run: str, after: int = 0, step: str | None = None) -> Call[Any]:
    return calls.get_events(run, after, EVENTS_MAX, step)


def answer_intervention(
    intervention: int,
    answer: Answer,
    seen: int,
    note: str | None = None,
    patch: dict[str, Any] | None = None,
    output: Any = None,
) -> Call[Object]:
    return calls.answer_intervention(intervention, answer, note=note, patch=patch, output=output, seen=seen)


def claim_intervention(intervention: int) -> Call[Object]:
    return calls.claim_intervention(intervention)


def list_worker_functions() -> Call[Object]:
    return Call("GET", "/catalog", "/catalog")


TOOLS: tuple[Tool, ...] = (
    Tool("list_workflows", "view", calls.list_workflows, "Workflows by name; `q` searches names and titles."),
    Tool("get_workflow", "view", calls.get_workflow, "A workflow: its draft with revision, and versions."),
    Tool("get_version", "view", calls.get_version, "A published version: its document."),
    Tool(
        "list_worker_functions",
        "view",
        list_worker_functions,
        "The workers that steps may call: what each does, the schema of its params, and its undo.",
    ),
    Tool("list_runs", "view", calls.list_runs, "Runs, the newest first. `label`: `key` or `key=value`."),
    Tool("get_run", "view", calls.get_run, "A run with its steps, input, output and error."),
    Tool("get_events", "view", get_events, f"A run's journal after entry `after`, {EVENTS_MAX} at a time."),
    Tool(
        "get_rollback_plan",
        "view",
        calls.get_rollback_plan,
        "What a rollback would undo, in which order, and what would remain. Nothing is done.",
    ),
    Tool("get_allowed", "view", calls.get_allowed, "What can be done with a run now."),
    Tool("list_interventions", "view", calls.list_interventions, "Questions to people about runs."),
    Tool("get_intervention", "view", calls.get_intervention, "One question, with its error and history."),
    Tool(
        "list_answers",
        "view",
        calls.list_answers,
        "The possible answers to a question, with what each leads to, and `seen` for answer_intervention.",
    ),
    Tool(
        "preview_answer",
        "operate",
        calls.preview_answer,
        "What an answer with this patch or output leads to, and `seen`. Nothing is done.",
    ),
    Tool("list_approvals", "view", calls.list_approvals, "Approvals that wait; of: `mine` or `all`."),
    Tool("list_worker_processes", "view", calls.list_worker_processes, "The processes that work."),
    Tool(
        "validate_workflow",
        "view",
        calls.validate,
        "The problems of a document; none: it can be published. Nothing is saved.",
    ),
    Tool(
        "save_draft",
        "design",
        calls.save_draft,
        "Saves a document as a workflow's draft, with its problems as the answer. `revision`: the one that "
        "was read; 0 for a new workflow.",
        True,
    ),
    Tool(
        "prove_workflow",
        "design",
        calls.prove,
        "Explores every branch and fault of the draft in the background; then ask get_proof.",
        True,
    ),
    Tool("get_proof", "view", calls.get_proof, "What the newest proof has shown, and what breaks it."),
    Tool(
        "rehearse_workflow",
        "design",
        calls.rehearse,
        "Runs the draft with its real workers in a sandbox, each step failed once; then ask get_rehearsal.",
        True,
    ),
    Tool("get_rehearsal", "view", calls.get_rehearsal, "What the newest rehearsal has shown, cell by cell."),
    Tool("publish", "design", calls.publish, "Publishes the draft as the next version.", True),
    Tool("get_tests", "view", calls.get_tests, "The saved tests of a workflow."),
    Tool(
        "save_tests",
        "design",
        calls.save_tests,
        "Replaces the saved tests of a workflow: mocks by step, and what is expected. See docs/testing.md.",
        True,
    ),
    Tool(
        "run_tests",
        "design",
        calls.run_tests,
        "Runs the saved tests on the draft, without workers; says why one fails, with the story of its run.",
    ),
    Tool(
        "start_run",
        "operate",
        calls.start_run,
        "Starts a run. The same `idempotency_key` again gives the same run.",
        True,
    ),
    Tool("cancel", "operate", calls.cancel, "Stops a run, and undoes what was done unless abandoned.", True),
    Tool("roll_back", "operate", calls.roll_back, "Undoes a completed run, or back to a step.", True),
    Tool("pause", "operate", calls.pause, "Lets nothing new begin in a run.", True),
    Tool("resume", "operate", calls.resume, "Lets a paused run go on.", True),
    Tool("signal", "operate", calls.signal, "Sends a signal that a step waits for.", True),
    Tool("approve", "operate", calls.approve, "Approves what a step asks for.", True),
    Tool("reject", "operate", calls.reject, "Rejects what a step asks for.", True),
    Tool("claim_intervention", "operate", claim_intervention, "Takes a question for oneself.", True),
    Tool("note_on_intervention", "operate", calls.note_on_intervention, "Adds a note to a question.", True),
    Tool(
        "answer_intervention",
        "operate",
        answer_intervention,
        "Answers a question. `seen` comes from list_answers or preview_answer: look first at what the "
        "answer leads to; it is refused where the run has moved since.",
        True,
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
