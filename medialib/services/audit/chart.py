"""Files and bytes over time, by outcome or by person, drawn from the days that are summed beside the work.

Each bar leads to the events that it stands for: what settled these files, in exactly this time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, Min, Sum
from django.db.models.functions import Coalesce
from django.utils.text import capfirst

from medialib.models import Account, AuditDay, EventKind, Outcome
from medialib.models.memberships import sees_everything
from medialib.services.audit.search import AuditFilter

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

BARS = 60  # At most, so that each can be pointed at.
FEWEST_SLOTS = 14  # So that a single day is a bar and no wall.
WIDTH, HEIGHT, GAP = 960.0, 200.0, 2.0  # Of the drawing, in its own units.
MOST_PEOPLE = 6
OTHERS = "others"
STEPS = (1, 7, 28, 91, 364)  # Days in one bar.


@dataclass(frozen=True)
class ChartQuery:
    by: str = "outcome"  # or "actor"
    measure: str = "files"  # or "size_bytes"
    account: str = ""
    after: date | None = None
    before: date | None = None


@dataclass(frozen=True)
class Bar:
    label: str
    shade: str  # Names the colour in the style sheet.
    value: int
    first: date
    last: date
    query: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Series:
    label: str
    shade: str
    total: int
    query: str


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    series: list[Series]
    top: int
    first: date | None
    last: date | None
    days_a_bar: int
    width: float = WIDTH
    height: float = HEIGHT


def chart(chart_query: ChartQuery, *, viewer: User) -> Chart:
    days = _days(chart_query, viewer)
    span = days.aggregate(first=Min("day"), last=Max("day"))
    if span["first"] is None:
        return Chart([], [], 0, None, None, 1)
    first, last = chart_query.after or span["first"], chart_query.before or span["last"]
    step = next((days for days in STEPS if (last - first).days < days * BARS), STEPS[-1])
    names = _series(chart_query, days)
    sums = _sums(chart_query, days, names, first=first, step=step)
    tops: defaultdict[int, int] = defaultdict(int)
    for (slot, _), value in sums.items():
        tops[slot] += value
    top = max(tops.values())
    return Chart(
        list(_bars(chart_query, sums, names, top, first, last, step)), list(names.values()), top, first, last, step
    )


def days_visible_to(viewer: User) -> QuerySet[AuditDay]:
    """The sums of accounts that this person may see."""
    if sees_everything(viewer):
        return AuditDay.objects.all()
    known = list(Account.objects.visible_to(viewer).values_list("pk", flat=True))
    return AuditDay.objects.alias(of_account=Coalesce("account_id", 0)).filter(of_account__in=known)


def _days(chart_query: ChartQuery, viewer: User) -> QuerySet[AuditDay]:
    days = days_visible_to(viewer)
    limits = {"account_name": chart_query.account, "day__gte": chart_query.after, "day__lte": chart_query.before}
    return days.filter(**{name: value for name, value in limits.items() if value})


def _series(chart_query: ChartQuery, days: QuerySet[AuditDay]) -> dict[str, Series]:
    """What the colours stand for, the largest first. People beyond the first few are one."""
    field = "outcome" if chart_query.by == "outcome" else "actor_name"
    totals = list(days.values_list(field).annotate(total=Sum(chart_query.measure)).order_by("-total", field))
    found: dict[str, Series] = {}
    for place, (name, total) in enumerate(totals):
        if chart_query.by == "outcome":
            found[name] = Series(str(capfirst(Outcome(name).label)), name, total, _query(chart_query, outcome=name))
        elif place < MOST_PEOPLE:
            found[name] = Series(name, f"person-{place + 1}", total, _query(chart_query, actor=name))
        else:
            earlier = found.get(OTHERS)
            found[OTHERS] = Series(
                OTHERS, "person-others", total + (earlier.total if earlier else 0), _query(chart_query)
            )
    return found


def _sums(
    chart_query: ChartQuery, days: QuerySet[AuditDay], names: dict[str, Series], *, first: date, step: int
) -> dict[tuple[int, str], int]:
    field = "outcome" if chart_query.by == "outcome" else "actor_name"
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    for day, name, total in days.values_list("day", field).annotate(total=Sum(chart_query.measure)).order_by("day"):
        sums[(day - first).days // step, name if name in names else OTHERS] += total
    return sums


def _bars(
    chart_query: ChartQuery,
    sums: dict[tuple[int, str], int],
    names: dict[str, Series],
    top: int,
    first: date,
    last: date,
    step: int,
) -> list[Bar]:
    """Stacked upwards, the largest series at the bottom."""
    slots = (last - first).days // step + 1
    pitch, bars = WIDTH / max(slots, FEWEST_SLOTS), []
    floors: defaultdict[int, float] = defaultdict(lambda: HEIGHT)
    for name, series in names.items():
        for slot in sorted(slot for slot, other in sums if other == name):
            value = sums[slot, name]
            height = value / top * HEIGHT if top else 0
            floors[slot] -= height
            begins = first + timedelta(days=slot * step)
            ends = min(begins + timedelta(days=step - 1), last)
            who = {} if name == OTHERS else {"outcome" if chart_query.by == "outcome" else "actor": name}
            query = _query(chart_query, after=begins, before=ends, **who)
            x, width = slot * pitch + GAP / 2, max(pitch - GAP, 1)
            bars.append(Bar(series.label, series.shade, value, begins, ends, query, x, floors[slot], width, height))
    return bars


def _query(chart_query: ChartQuery, **more: object) -> str:
    base = {
        "account": chart_query.account,
        "event": EventKind.FILE_SETTLED.value,
        "after": chart_query.after,
        "before": chart_query.before,
    }
    return AuditFilter().to_query(**{**base, **more})
