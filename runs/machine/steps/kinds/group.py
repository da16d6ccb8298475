"""Groups: the body of the step runs once, as a run of its own. PURE."""

from __future__ import annotations

from runs.machine.steps.kinds import workflow

RULES = workflow.RULES
