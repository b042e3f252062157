"""The outcome filter above a job's files, each choice with its number of files."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from medialib.models import DeletionJob
from medialib.services.jobs.pages import UNSETTLED, FilesQuery


@dataclass(frozen=True, kw_only=True)
class Tab:
    outcome: str
    label: str
    count: int
    is_current: bool


def outcome_tabs(job: DeletionJob, query: FilesQuery) -> list[Tab]:
    """All, and each outcome that a file has or that is chosen."""
    tabs = [Tab(outcome="", label=_("all"), count=job.file_count, is_current=not query.outcome)]
    counts = [(outcome.value, str(outcome.label), count) for outcome, count in job.counts]
    for value, label, count in [*counts, (UNSETTLED, _("left"), job.left)]:
        if count or query.outcome == value:
            tabs.append(Tab(outcome=value, label=label, count=count, is_current=query.outcome == value))
    return tabs
