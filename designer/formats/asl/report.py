"""What became of each state: mapped, approximated (how it differs) or not possible (why). PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["mapped", "approximated", "not_possible"]
WORDS: Mapping[Status, str] = {
    "mapped": "mapped",
    "approximated": "approximated",
    "not_possible": "not possible",
}


@dataclass
class Entry:
    """`fields` says of each field of the state where it went; `differs` and `why` what is not as it was."""

    path: str
    type: str
    fields: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    @property
    def status(self) -> Status:
        return "not_possible" if self.why else "approximated" if self.differs else "mapped"

    def say(self, words: str) -> None:
        if words not in self.differs:
            self.differs.append(words)

    def refuse(self, words: str) -> None:
        if words not in self.why:
            self.why.append(words)

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.path,
            "type": self.type,
            "status": self.status,
            "steps": self.steps,
            "fields": self.fields,
            "differs": self.differs,
            "why": self.why,
        }


@dataclass
class Proposal:
    """A worker that seems to undo a step, since a Catch leads to it; `undo_step` is where it is called."""

    step: str
    worker: str
    params: Mapping[str, Any]
    because: str
    undo_step: str
    accepted: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "params": dict(self.params)}


@dataclass
class Report:
    """The states in the order of the file, each once; `notes` are about the machine as a whole."""

    workflow: str
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    workers: dict[str, list[str]] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)

    @property
    def counts(self) -> dict[Status, int]:
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in WORDS}

    @property
    def is_complete(self) -> bool:
        return not self.counts["not_possible"]

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def as_json(self) -> dict[str, Any]:
        return {
            "workflow": self.workflow,
            "counts": self.counts,
            "states": [entry.as_json() for entry in self.entries],
            "notes": self.notes,
            "workers": [{"name": name, "steps": steps} for name, steps in self.workers.items()],
            "undo_proposals": [proposal.as_json() for proposal in self.proposals],
        }

    def as_text(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterable[str]:
        counted = ", ".join(f"{count} {WORDS[status]}" for status, count in self.counts.items())
        yield f"{self.workflow}: of {len(self.entries)}, {counted}"
        for entry in self.entries:
            steps = f" → {', '.join(entry.steps)}" if entry.steps else ""
            yield f"  {WORDS[entry.status]:<12}  {entry.path} ({entry.type}){steps}"
            yield from (f"{'':16}{words}" for words in [*entry.why, *entry.differs])
        yield from (f"  note: {words}" for words in self.notes)
        yield from (f"  worker: {name}, for {', '.join(steps)}" for name, steps in self.workers.items())
        for proposal in self.proposals:
            is_what = "accepted" if proposal.accepted else "proposed"
            yield f"  undo {is_what}: {proposal.worker} undoes {proposal.step}, {proposal.because}"
