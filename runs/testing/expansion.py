"""The steps that the mocked output of a dynamic step adds to its run, as `workers.process` does. PURE."""

from __future__ import annotations

from designer.document.document import parse_step
from designer.document.graph import Step
from designer.document.resolve import Catalog, resolve_step
from designer.errors import DocumentRefused, UnknownWorker
from runs.testing.play import Expand
from workers.sdk.outcome import Failure, Outcome


def expander(catalog: Catalog) -> Expand:
    def expand(step: Step, outcome: Outcome) -> tuple[Outcome, tuple[Step, ...]]:
        listed = outcome.output.get("dynamic_steps") if isinstance(outcome.output, dict) else None
        if outcome.kind != "succeeded" or listed is None:
            return outcome, ()
        try:
            if not isinstance(listed, list):
                return _refused(outcome, "dynamic_steps: a list of worker names or steps is needed"), ()
            steps = [
                parse_step({"name": entry, "worker": entry} if isinstance(entry, str) else entry)
                for entry in listed
            ]
            return outcome, tuple(resolve_step(one, catalog) for one in steps)
        except (DocumentRefused, UnknownWorker) as error:
            return _refused(outcome, str(error)), ()

    return expand


def _refused(outcome: Outcome, message: str) -> Outcome:
    return Outcome("failed", outcome.output, Failure("bad_dynamic_steps", message), acted=True)
