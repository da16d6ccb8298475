"""Models of runs, of their lists and counters, and of triggers. Import them from here."""

from runs.models.interventions import (
    INTERVENTION_KINDS,
    CaseAct,
    CaseMail,
    CasePolicy,
    Intervention,
    Severity,
)
from runs.models.lists import FleetSample, HourFigures, RunLabel, RunText, StepFigures
from runs.models.runs import (
    ACTS,
    IS_LISTED,
    JournalEntry,
    Run,
    StepRun,
    VisibleManager,
    WorkerProcess,
)
from runs.models.triggers import Trigger

__all__ = [
    "ACTS",
    "INTERVENTION_KINDS",
    "IS_LISTED",
    "CaseAct",
    "CaseMail",
    "CasePolicy",
    "FleetSample",
    "HourFigures",
    "Intervention",
    "JournalEntry",
    "VisibleManager",
    "Run",
    "RunLabel",
    "RunText",
    "Severity",
    "StepFigures",
    "StepRun",
    "Trigger",
    "WorkerProcess",
]
