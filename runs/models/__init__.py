"""Models of runs, of their lists and counters, and of triggers. Import them from here."""

from runs.models.held import HeldDelivery, HeldInput
from runs.models.interventions import (
    INTERVENTION_KINDS,
    CaseAct,
    CaseMail,
    CasePolicy,
    Intervention,
    Severity,
)
from runs.models.lines import Line, Place
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
from runs.models.slots import Slot, SlotUse
from runs.models.triggers import Trigger
from runs.models.waiting import Approval, ApprovalAssignee, EventWait, KeptEvent, KeptEventKey

__all__ = [
    "ACTS",
    "INTERVENTION_KINDS",
    "IS_LISTED",
    "Approval",
    "ApprovalAssignee",
    "CaseAct",
    "CaseMail",
    "CasePolicy",
    "EventWait",
    "FleetSample",
    "HeldDelivery",
    "HeldInput",
    "HourFigures",
    "Intervention",
    "JournalEntry",
    "KeptEvent",
    "KeptEventKey",
    "VisibleManager",
    "Run",
    "Line",
    "Place",
    "RunLabel",
    "RunText",
    "Severity",
    "Slot",
    "SlotUse",
    "StepFigures",
    "StepRun",
    "Trigger",
    "WorkerProcess",
]
