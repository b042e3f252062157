"""What was removed over time, as a chart whose bars lead to the events behind them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from medialib.forms.audit import ChartForm
from medialib.services.audit import chart as charts
from medialib.views.access import person, staff_may


@require_safe
@staff_may("view_audit")
def audit_chart(request: HttpRequest) -> HttpResponse:
    form = ChartForm(request.GET, viewer=person(request))
    chart_query = form.chart_query()
    chart = charts.chart(chart_query, viewer=person(request))
    return render(request, "audit/chart.html", {"form": form, "wanted": chart_query, "chart": chart})
