"""What was removed over time, as a chart whose bars lead to the events behind them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from medialib.forms.audit import ChartForm
from medialib.models import Outcome
from medialib.services.audit import chart as charts
from medialib.services.audit.chart import OTHERS, ChartNumbers, ChartQuery
from medialib.views.access import person, staff_may
from medialib.views.charts import Box, Rectangle, Slots

BOX, GAP = Box(960, 200), 2.0
FEWEST_SLOTS = 14  # So that a single day is a bar and no wall.


@dataclass(frozen=True, kw_only=True)
class ChartBar(Rectangle):
    label: str
    shade: str
    value: int
    first: date
    last: date
    query: str


@dataclass(frozen=True, kw_only=True)
class LegendLine:
    label: str
    shade: str  # Names the colour in the style sheet.
    total: int
    query: str


@dataclass(frozen=True, kw_only=True)
class DrawnChart:
    bars: list[ChartBar]
    series: list[LegendLine]
    top: int
    first: date | None
    last: date | None
    days_a_bar: int
    width: int = BOX.width
    height: int = BOX.height


@require_safe
@staff_may("view_audit")
def audit_chart(request: HttpRequest) -> HttpResponse:
    form = ChartForm(request.GET, viewer=person(request))
    chart_query = form.chart_query()
    chart = drawn(charts.chart(chart_query, viewer=person(request)), chart_query)
    return render(request, "audit/chart.html", {"form": form, "wanted": chart_query, "chart": chart})


def drawn(numbers: ChartNumbers, chart_query: ChartQuery) -> DrawnChart:
    """Bars stacked upwards, the largest series at the bottom."""
    legend = {
        series.name: LegendLine(
            label=_label(series.name, chart_query),
            shade=_shade(series.name, place, chart_query),
            total=series.total,
            query=series.query,
        )
        for place, series in enumerate(numbers.series, start=1)
    }
    slots = Slots(max(numbers.slots, FEWEST_SLOTS), BOX, gap=GAP, indent=GAP / 2)
    floors: defaultdict[int, float] = defaultdict(float)
    bars = []
    for part in numbers.sums:
        height = part.value / numbers.top * BOX.height if numbers.top else 0.0
        place = slots.bar(part.slot, height, floor=floors[part.slot])
        floors[part.slot] += height
        line = legend[part.series.name]
        bars.append(
            ChartBar(
                label=line.label,
                shade=line.shade,
                value=part.value,
                first=part.first,
                last=part.last,
                query=part.query,
                **asdict(place),
            )
        )
    return DrawnChart(
        bars=bars,
        series=list(legend.values()),
        top=numbers.top,
        first=numbers.first,
        last=numbers.last,
        days_a_bar=numbers.days_a_slot,
    )


def _label(name: str, chart_query: ChartQuery) -> str:
    if chart_query.by == "outcome":
        return str(capfirst(Outcome(name).label))
    return _("others") if name == OTHERS else name


def _shade(name: str, place: int, chart_query: ChartQuery) -> str:
    if chart_query.by == "outcome":
        return name
    return "person-others" if name == OTHERS else f"person-{place}"
