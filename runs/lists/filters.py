"""Filters of lists of runs, and what they demand of a run. `runs.lists.search` reads pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Concat

from config.lib.times import in_utc
from designer.services.folder_rights import names_in
from runs.errors import RunsError
from runs.machine.limits import LABEL_LENGTH_MAX
from runs.machine.states import RunStatus, StepStatus
from runs.models import ID_END, IS_LISTED, RunLabel, StepRun

PLAIN = "plain_"  # prefix of copies of columns; a condition on a copy is served by no index
ID_PART = re.compile(rf"[0-9a-f]{{{ID_END},32}}")
SORTS = {"": "Newest first", "oldest": "Oldest first", "ended": "Last ended first"}
ALIASES = {f"{PLAIN}{name}": Concat(name, Value("")) for name in ("status", "workflow_name")} | {
    "error_message": KT("error__message"),
    "error_code": KT("error__code"),
}
"""What conditions name beside columns; a query needs `.alias(**ALIASES)` for them."""


class BadFilter(RunsError):
    """The filter cannot be understood."""

    code = "bad_filter"


class TimeOutOfRange(BadFilter):
    """The time lies outside all calendars."""

    status = 422
    code = "time_out_of_range"


@dataclass(frozen=True, slots=True)
class Filters:
    """`label` is `key` or `key=value`; `q` is text in the input; `since` and `until` are ISO 8601 times.

    Trials and imported runs are left out, unless `trials` or `imported` selects them instead of the others.
    `run`: an id, or its end; `error`: text in what the run failed of; `step`: `name` or `name=status` of a
    step that has begun; `parent`: the run that started them; `top`: only runs that no run started. `hidden`:
    the folders that the person who asks may not see.
    """

    status: str | None = None
    workflow: str | None = None
    label: str | None = None
    q: str | None = None
    since: str | None = None
    until: str | None = None
    trials: bool = False
    imported: bool = False
    run: str | None = None
    error: str | None = None
    step: str | None = None
    parent: str | None = None
    top: bool = False
    sort: str = ""
    hidden: frozenset[int] = frozenset()

    @property
    def is_any(self) -> bool:
        return any(
            getattr(self, spec.name) for spec in fields(self) if spec.name not in ("top", "sort", "hidden")
        )

    @property
    def is_narrow(self) -> bool:
        """Whether an index of runs serves the filters beside those that are looked up for each run."""
        return bool(self.status or self.workflow or self.since or self.until)

    @property
    def is_looked_up(self) -> bool:
        """Whether candidates are read by one index and dropped if they do not fit the rest."""
        is_partly_top = self.top and bool(self.status or self.workflow)
        return bool(self.q or self.label or self.error or self.step or is_partly_top or self.sort == "ended")

    @property
    def served(self) -> Filters:
        """Those that an index on columns of runs serves."""
        return replace(self, label=None, q=None, error=None, step=None, top=False)

    @property
    def looked_up(self) -> Filters:
        """Those that are looked up for each run, but for the text."""
        return Filters(label=self.label, error=self.error, step=self.step, top=self.top, hidden=self.hidden)

    @property
    def query(self) -> str:
        """The filters as a query string."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self) if spec.name != "hidden"}
        return urlencode({name: "1" if value is True else value for name, value in values.items() if value})


def condition(filters: Filters, prefix: str = "") -> Q:
    """What a run must be to be listed; the text in its input apart. Raises BadFilter."""
    found = IS_LISTED & (
        Q(imported__isnull=False) if filters.imported else Q(trial=filters.trials, imported__isnull=True)
    )
    if filters.status:
        if filters.status not in list(RunStatus):
            raise BadFilter(f"{filters.status!r} is no status of a run; use one of {', '.join(RunStatus)}.")
        found &= Q((f"{prefix}status", filters.status))
    if filters.workflow:
        found &= Q((f"{prefix}workflow_name", filters.workflow))
    if filters.since:
        found &= Q(created_at__gte=time_of(filters.since))
    if filters.until:
        found &= Q(created_at__lt=time_of(filters.until))
    if filters.parent:
        found &= Q(parent=_uuid(filters.parent))
    return found & rest_of(filters)


def rest_of(filters: Filters) -> Q:
    """The part of it that no index of runs serves."""
    found = is_seen(filters)
    if filters.top:
        found &= Q(parent__isnull=True)
    if filters.label:
        found &= Q(_has_label(filters))
    if filters.step:
        found &= Q(_has_step(filters.step))
    if filters.error:
        text = filters.error.replace("\x00", "\ufffd")
        found &= Q(error_message__icontains=text) | Q(error_code__icontains=text)
    return found


def is_seen(filters: Filters) -> Q:
    """What a run must be for the person to see it."""
    return ~Q(workflow_name__in=names_in(filters.hidden)) if filters.hidden else Q()


def _has_label(filters: Filters) -> Exists:
    """Whether a run has the label, looked up by the run; the label's index would lead to all its runs."""
    key, value = key_and_value(filters)
    rows = RunLabel.objects.alias(plain=Concat("key", Value(""))).filter(plain=key, run=OuterRef("pk"))
    return Exists(rows.filter(value=value) if value else rows)


def key_and_value(filters: Filters) -> tuple[str, str]:
    key, _, value = (filters.label or "").partition("=")
    return key[:LABEL_LENGTH_MAX], value[:LABEL_LENGTH_MAX]


def _has_step(text: str) -> Exists:
    name, equals, status = text.replace("\x00", "\ufffd").partition("=")
    rows = StepRun.objects.filter(run=OuterRef("pk"), name=name)
    if equals and status not in list(StepStatus):
        raise BadFilter(f"{status!r} is no status of a step; use one of {', '.join(StepStatus)}.")
    return Exists(rows.filter(status=status) if equals else rows)


def id_part(text: str) -> str:
    """The digits of an id or of its end, without dashes and blanks. Raises BadFilter."""
    digits = text.replace("-", "").strip().lower()
    if not ID_PART.fullmatch(digits):
        raise BadFilter(f"An id is searched by all of it, or by its last {ID_END} digits or more.")
    return digits


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is no id of a run.") from error


def time_of(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is not an ISO 8601 time.") from error
    if time.tzinfo is None:
        raise BadFilter(f"{text!r} has no time zone; add Z or an offset.")
    try:
        return in_utc(time)
    except ValueError as error:
        raise TimeOutOfRange(f"{text!r} cannot be searched for: {error}.") from error


def check_sort(sort: str) -> None:
    if sort not in SORTS:
        raise BadFilter(f"{sort!r} is no order of runs; use one of {', '.join(filter(None, SORTS))}.")
