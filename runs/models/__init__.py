"""Models of runs, of their lists and counters, of triggers and subscriptions. Import them from here."""

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
from runs.models.lists import (
    VIEW_NAME_LENGTH_MAX,
    VIEW_QUERY_LENGTH_MAX,
    FleetSample,
    HourFigures,
    OperationFigures,
    RunLabel,
    RunText,
    SavedView,
    StepFigures,
    WorkflowFigures,
)
from runs.models.runs import (
    ACTS,
    ID_END,
    IS_LISTED,
    JournalEntry,
    Run,
    StepRun,
    VisibleManager,
    WorkerProcess,
)
from runs.models.slots import Slot, SlotUse
from runs.models.subscriptions import Delivery, Subscription
from runs.models.triggers import FoundFile, Trigger, TriggerCall
from runs.models.waiting import Approval, ApprovalAssignee, EventWait, KeptEvent, KeptEventKey

__all__ = [
    "ACTS",
    "ID_END",
    "SavedView",
    "VIEW_NAME_LENGTH_MAX",
    "VIEW_QUERY_LENGTH_MAX",
    "INTERVENTION_KINDS",
    "IS_LISTED",
    "Approval",
    "ApprovalAssignee",
    "CaseAct",
    "CaseMail",
    "CasePolicy",
    "Delivery",
    "EventWait",
    "FleetSample",
    "FoundFile",
    "HeldDelivery",
    "HeldInput",
    "HourFigures",
    "Intervention",
    "JournalEntry",
    "KeptEvent",
    "KeptEventKey",
    "OperationFigures",
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
    "WorkflowFigures",
    "StepRun",
    "Subscription",
    "Trigger",
    "TriggerCall",
    "WorkerProcess",
]
