"""Files and bytes over time, by outcome or by person, added up from the days that are summed beside the work.

Each sum leads to the events that it counts: what settled these files, in exactly this time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, Min, Sum

from medialib.models import Account, AuditDay, EventKind
from medialib.models.memberships import sees_everything
from medialib.services.audit.search import AuditFilter

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

MAX_SLOTS = 60  # So that the bar of each can be pointed at.
MAX_PEOPLE = 6
OTHERS = "others"
STEPS = (1, 7, 28, 91, 364)  # Days in one slot.


@dataclass(frozen=True)
class ChartQuery:
    by: str = "outcome"  # or "actor"
    measure: str = "files"  # or "size_bytes"
    account: str = ""
    after: date | None = None
    before: date | None = None


@dataclass(frozen=True)
class Series:
    """What one colour stands for: an outcome, a person, or the people beyond the first few."""

    name: str
    total: int
    query: str


@dataclass(frozen=True, kw_only=True)
class SlotSum:
    """What one series adds up to in some days."""

    series: Series
    slot: int
    value: int
    first: date
    last: date
    query: str


@dataclass(frozen=True, kw_only=True)
class ChartNumbers:
    """`sums` stand in the order of the series, the largest first; `top` is the most of one slot."""

    sums: list[SlotSum]
    series: list[Series]
    top: int
    first: date | None
    last: date | None
    days_a_slot: int

    @property
    def slots(self) -> int:
        if self.first is None or self.last is None:
            return 0
        return (self.last - self.first).days // self.days_a_slot + 1


def chart(chart_query: ChartQuery, *, viewer: User) -> ChartNumbers:
    days = _days(chart_query, viewer)
    span = days.aggregate(first=Min("day"), last=Max("day"))
    if span["first"] is None:
        return ChartNumbers(sums=[], series=[], top=0, first=None, last=None, days_a_slot=1)
    first, last = chart_query.after or span["first"], chart_query.before or span["last"]
    step = next((days for days in STEPS if (last - first).days < days * MAX_SLOTS), STEPS[-1])
    names = _series(chart_query, days)
    sums = _sums(chart_query, days, names, first=first, step=step)
    tops: defaultdict[int, int] = defaultdict(int)
    for (slot, _), value in sums.items():
        tops[slot] += value
    return ChartNumbers(
        sums=list(_slot_sums(chart_query, sums, names, first, last, step)),
        series=list(names.values()),
        top=max(tops.values()),
        first=first,
        last=last,
        days_a_slot=step,
    )


def days_visible_to(viewer: User) -> QuerySet[AuditDay]:
    """The sums of accounts that this person may see."""
    if sees_everything(viewer):
        return AuditDay.objects.all()
    return AuditDay.objects.filter(account_id__in=Account.objects.visible_to(viewer))


def _days(chart_query: ChartQuery, viewer: User) -> QuerySet[AuditDay]:
    days = days_visible_to(viewer)
    limits = {"account_name": chart_query.account, "day__gte": chart_query.after, "day__lte": chart_query.before}
    return days.filter(**{name: value for name, value in limits.items() if value})


def _series(chart_query: ChartQuery, days: QuerySet[AuditDay]) -> dict[str, Series]:
    """The largest first. People beyond the first few are one."""
    field = "outcome" if chart_query.by == "outcome" else "actor_name"
    totals = list(days.values_list(field).annotate(total=Sum(chart_query.measure)).order_by("-total", field))
    found: dict[str, Series] = {}
    for place, (name, total) in enumerate(totals):
        if chart_query.by == "outcome":
            found[name] = Series(name, total, _query(chart_query, outcome=name))
        elif place < MAX_PEOPLE:
            found[name] = Series(name, total, _query(chart_query, actor=name))
        else:
            earlier = found.get(OTHERS)
            found[OTHERS] = Series(OTHERS, total + (earlier.total if earlier else 0), _query(chart_query))
    return found


def _sums(
    chart_query: ChartQuery, days: QuerySet[AuditDay], names: dict[str, Series], *, first: date, step: int
) -> dict[tuple[int, str], int]:
    field = "outcome" if chart_query.by == "outcome" else "actor_name"
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    for day, name, total in days.values_list("day", field).annotate(total=Sum(chart_query.measure)).order_by("day"):
        sums[(day - first).days // step, name if name in names else OTHERS] += total
    return sums


def _slot_sums(
    chart_query: ChartQuery,
    sums: dict[tuple[int, str], int],
    names: dict[str, Series],
    first: date,
    last: date,
    step: int,
) -> Iterator[SlotSum]:
    for name, series in names.items():
        for slot in sorted(slot for slot, other in sums if other == name):
            begins = first + timedelta(days=slot * step)
            ends = min(begins + timedelta(days=step - 1), last)
            who = {} if name == OTHERS else {"outcome" if chart_query.by == "outcome" else "actor": name}
            query = _query(chart_query, after=begins, before=ends, **who)
            yield SlotSum(series=series, slot=slot, value=sums[slot, name], first=begins, last=ends, query=query)


def _query(chart_query: ChartQuery, **more: object) -> str:
    base = {
        "account": chart_query.account,
        "event": EventKind.FILE_SETTLED.value,
        "after": chart_query.after,
        "before": chart_query.before,
    }
    asked = {**base, **more}
    zone = "UTC" if asked["after"] or asked["before"] else ""  # That of AuditDay.
    return AuditFilter().to_query(**asked, zone=zone)
