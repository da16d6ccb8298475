"""What waits for people, in one list: approvals and open interventions, by deadline, then by age.

Reading only.

Theory of operation. Both tables keep `order_at` (`runs.models.inbox`) and have an index in that order for
each question that is asked here: approvals by a name of the person, interventions by who has claimed them. A
page is the merge of these ranges, each of them read no further than a page is long; a count stops at
COUNTED_MAX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Literal

from django.db.models import Q, QuerySet

from config.accounts.actors import SUFFIX
from config.accounts.permissions import groups_of, may
from designer.document.waits import GROUP
from designer.services.folder_rights import seen
from runs.errors import RunsError
from runs.models import Approval, ApprovalAssignee, Intervention
from runs.queries.tally import Tally, tally, total

PAGE = 50
COUNTED_MAX = 1_000
KEY_DIGITS_MAX = 19
OF_RUN = "run__workflow_name"
UNREAD = ("run__input", "run__state", "run__labels", "run__error")  # large, and not in the list

Whose = Literal["mine", "all"]
Kind = Literal["approval", "intervention"]
KINDS: Mapping[str, Kind] = {"approval": "approval", "intervention": "intervention"}
Place = tuple[datetime, Kind, int]
"""A place in the list: `order_at`, which table, and the id there."""
Range = tuple[Kind, str, QuerySet[Any]]
"""A table, its column with the id, and rows of it that an index has in the order of the list."""


class BadPlace(RunsError):
    """There is no such place in the list; begin at its start."""

    status = 422
    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a person: an approval or an intervention."""

    approval: Approval | None = None
    intervention: Intervention | None = None

    @property
    def place(self) -> Place:
        if self.approval is not None:
            return self.approval.order_at, "approval", self.approval.pk
        assert self.intervention is not None
        return self.intervention.order_at, "intervention", self.intervention.pk

    @property
    def key(self) -> str:
        """Names it among the rows of a page."""
        _, kind, pk = self.place
        return f"{kind}-{pk}"


def names_of(user: Any) -> list[str]:
    """Returns the names by which approvals are a person's: theirs, their groups', "" for an operator."""
    groups = [GROUP + name for name in groups_of(user)]
    return [user.get_username(), *groups, *([""] if may(user, "operate") else [])]


def page_of(
    user: Any, whose: Whose, cursor: str | None = None, rows: int = PAGE
) -> tuple[list[Waiting], str | None]:
    """Returns a page and the cursor of the next one. Raises BadPlace.

    `mine`: what waits for this person, who may answer it; nothing for one who may not operate runs.
    """
    after = None if cursor is None else _place(cursor)
    lists = [_places(*part, after, rows + 1) for part in _ranges(user, whose)]
    places = list(islice(_without_repeats(merge(*lists)), rows + 1))
    shown = places[:rows]
    return _in_order(shown), _cursor(shown[-1]) if len(places) > rows else None


def count(user: Any) -> Tally:
    """Returns how much waits for this person."""
    if not may(user, "operate"):
        return Tally(0)
    asked = _asked(ApprovalAssignee.objects.filter(name__in=names_of(user)), user).order_by()
    parts = [asked.values("approval_id").distinct(), *(_in_index(rows) for rows in _claims(user))]
    parts.append(_in_index(_proposed(user)))
    return _bounded(tally(part, COUNTED_MAX) for part in parts)


def count_all(user: Any = None) -> Tally:
    """Returns how much waits for anybody, of what a person may see."""
    approvals = seen(Approval.objects.all(), user)
    parts = (_in_index(approvals), _in_index(seen(_open(), user, OF_RUN)))
    return _bounded(tally(part, COUNTED_MAX) for part in parts)


def _bounded(tallies: Iterable[Tally]) -> Tally:
    counted = total(tallies)
    return Tally(min(counted.count, COUNTED_MAX), counted.is_more or counted.count > COUNTED_MAX)


# --- ranges of indexes ---


def _open() -> QuerySet[Intervention]:
    return Intervention.objects.filter(status="open").order_by()


def _operable(user: Any) -> QuerySet[Intervention]:
    """Returns the open interventions of runs that the person may operate by their folder."""
    return seen(_open(), user, OF_RUN, "operate")


def _asked(rows: QuerySet[ApprovalAssignee], user: Any) -> QuerySet[ApprovalAssignee]:
    """The same of approvals: who is named by one and may not operate in its folder is not asked."""
    return seen(rows, user, "approval__workflow_name", "operate")


def _own(user: Any) -> list[str]:
    """Returns the names under which a person claims and proposes: theirs, and that of their agent."""
    return [user.get_username(), user.get_username() + SUFFIX]


def _in_index(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("order_at", "pk").values("pk")


def _claims(user: Any) -> list[QuerySet[Intervention]]:
    """Returns what nobody has claimed, and what this person has, without proposals."""
    unproposed = _operable(user).filter(proposal__isnull=True)
    return [unproposed.filter(claimed_by=name) for name in ("", *_own(user))]


def _proposed(user: Any) -> QuerySet[Intervention]:
    """Returns what another person has proposed, whoever has claimed it: a second one has to agree."""
    return _operable(user).filter(proposal__isnull=False).exclude(proposal__by__in=_own(user))


def _ranges(user: Any, whose: Whose) -> list[Range]:
    if whose == "all":
        approvals = seen(Approval.objects.all(), user)
        return [("approval", "pk", approvals), ("intervention", "pk", seen(_open(), user, OF_RUN))]
    if not may(user, "operate"):
        return []
    asked = [_asked(ApprovalAssignee.objects.filter(name=name), user) for name in names_of(user)]
    return [
        *(("approval", "approval_id", rows) for rows in asked),
        *(("intervention", "pk", rows) for rows in (*_claims(user), _proposed(user))),
    ]


def _places(kind: Kind, key: str, rows: QuerySet[Any], after: Place | None, most: int) -> list[Place]:
    """Returns the first places of a range that come after another one."""
    if after is not None:
        at, kind_after, pk = after
        tied = Q(**{f"{key}__gt": pk}) if kind == kind_after else Q(order_at=at)
        beyond = Q(order_at__gt=at) if kind < kind_after else Q(order_at__gt=at) | (Q(order_at=at) & tied)
        rows = rows.filter(beyond, order_at__gte=at)  # the bound of the range; planners do not derive it
    listed = rows.order_by("order_at", key).values_list("order_at", key)[:most]
    return [(order_at, kind, pk) for order_at, pk in listed]


def _without_repeats(places: Iterable[Place]) -> Iterator[Place]:
    last = None
    for place in places:
        if place != last:
            yield place
        last = place


def _in_order(places: list[Place]) -> list[Waiting]:
    keys = {kind: [pk for _, of, pk in places if of == kind] for kind in KINDS}
    approvals = Approval.objects.select_related("run__version").prefetch_related("assignees")
    approvals = approvals.defer(*UNREAD, "run__version__document", "run__version__resolved")
    interventions = Intervention.objects.select_related("run").defer(*UNREAD)
    found = [
        *(Waiting(approval=row) for row in approvals.filter(pk__in=keys["approval"])),
        *(Waiting(intervention=row) for row in interventions.filter(pk__in=keys["intervention"])),
    ]
    return sorted(found, key=lambda waiting: waiting.place)


# --- cursors ---


def _cursor(place: Place) -> str:
    at, kind, pk = place
    return f"{at.isoformat()},{kind},{pk}"


def _place(cursor: str) -> Place:
    at, _, rest = cursor.partition(",")
    kind, _, pk = rest.partition(",")
    try:
        order_at = datetime.fromisoformat(at)
        is_key = pk.isascii() and pk.isdecimal() and len(pk) < KEY_DIGITS_MAX
        if order_at.tzinfo and is_key and kind in KINDS:
            return order_at, KINDS[kind], int(pk)
    except ValueError:
        pass
    raise BadPlace
