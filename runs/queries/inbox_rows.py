"""The lines of the inbox: what waits, and what its reader may do about it. Reading only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from config.accounts.actors import is_same_person
from config.accounts.permissions import may
from designer.document.graph import Step
from designer.services.folder_rights import acts_with
from runs.models import Approval, Intervention
from runs.queries.inbox import Waiting, Whose, names_of, page_of
from runs.queries.runs import load
from runs.store.graph_cache import version_graph

Act = Literal["", "decide", "fill in", "agree", "answer"]
"""What the reader may do: approve or reject at once; fill in a form first; agree to what another person has
proposed; answer on the page of the intervention; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    waiting: Waiting
    act: Act

    @property
    def approval(self) -> Approval | None:
        return self.waiting.approval

    @property
    def intervention(self) -> Intervention | None:
        return self.waiting.intervention

    @property
    def key(self) -> str:
        return self.waiting.key

    @property
    def asked(self) -> list[str]:
        """Names of those who are asked; [] where everybody who may operate runs is."""
        rows = self.approval.assignees.all() if self.approval else ()
        return [row.name for row in rows if row.name]


def rows_of(
    user: Any, whose: Whose, cursor: str | None = None, rows: int = 50
) -> tuple[list[Row], str | None]:
    """Returns a page of lines and the cursor of the next one. Raises BadPlace."""
    listed, following = page_of(user, whose, cursor, rows)
    names = names_of(user) if may(user, "operate") else []
    is_admin = may(user, "administer")
    operable = {workflow for workflow in map(_workflow_of, listed) if "operate" in acts_with(user, workflow)}
    lines = [
        Row(waiting, _act(user, names, is_admin, waiting) if _workflow_of(waiting) in operable else "")
        for waiting in listed
    ]
    return lines, following


def _workflow_of(waiting: Waiting) -> str:
    if waiting.approval is not None:
        return waiting.approval.workflow_name
    assert waiting.intervention is not None
    return waiting.intervention.run.workflow_name


def _act(user: Any, names: Collection[str], is_admin: bool, waiting: Waiting) -> Act:
    if not names:
        return ""
    if waiting.approval is not None:
        is_asked = is_admin or any(row.name in names for row in waiting.approval.assignees.all())
        if not is_asked:
            return ""
        step = definition_of(waiting.approval)
        return "fill in" if step is not None and step.form else "decide"
    proposed = waiting.intervention.proposal if waiting.intervention else None
    is_others = proposed and not is_same_person(proposed.get("by", ""), user.get_username())
    return "agree" if is_others else "answer"


def definition_of(approval: Approval) -> Step | None:
    """Returns the step that waits, as its run has it."""
    graph = version_graph(approval.run.version_id).at(approval.run.body or "")
    return graph.by_name.get(approval.step) or load(approval.run_id)[0].by_name.get(approval.step)
