"""What stands around the pages of one person: one statement for the frame, and one for the frame and the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from medialib.models import (
    Account,
    DeletionJob,
    LibrarySummary,
    ListPreferences,
    SavedView,
    Selection,
    SelectionItem,
    SyncRun,
    SyncState,
    Worker,
)
from medialib.models.selections import SELECTION_LIFE
from medialib.models.workers import SILENT_AFTER
from medialib.services.base.at_once import AtOnce, Marks, Questions, as_models, columns_of
from medialib.services.library.saved_views import MAX_VIEWS
from medialib.services.library.totals import Total

RUN = (
    "id", "state", "started_at", "heartbeat_at", "seen", "added", "removed", "withheld", "accepted_at", "error",
    "left_out",
)  # fmt: skip


@dataclass(frozen=True)
class ListAround:
    """Of one account, for one person."""

    choices: Any  # Of ListPreferences.
    selection: Selection | None
    has_ticks: bool  # Whether the selection holds rows at all.
    views: list[SavedView]
    latest_run: SyncRun | None
    complete_run: SyncRun | None
    summed: Total | None  # As a worker counted the library last.


@dataclass(frozen=True)
class Around:
    accounts: list[Account] = field(default_factory=list)  # Those that the person may see, by name.
    active_jobs: int = 0
    is_worker_alive: bool = False
    list: ListAround | None = None


def read(user: Any, *, list_of: str = "") -> Around:
    """The frame for this person; with `list_of`, an account's name, what stands around its list too."""
    if not user.is_active:
        return Around()
    names = {"user": user.pk, "account": list_of} if list_of else {"user": user.pk}
    found = STATEMENTS[bool(user.is_superuser), bool(list_of)].read(**names)
    silent_since = now() - SILENT_AFTER
    return Around(
        as_models(Account, found["accounts"]),
        len(found["active_jobs"]),
        any(worker.seen_at > silent_since for worker in as_models(Worker, found["workers"])),
        _list_around(found) if list_of else None,
    )


def _list_around(found: dict[str, list[dict[str, Any]]]) -> ListAround:
    runs = as_models(SyncRun, found["latest_run"])
    complete = as_models(SyncRun, found["complete_run"])
    choices = as_models(ListPreferences, found["preferences"])
    selections = [
        selection
        for selection in as_models(Selection, found["selection"])
        if selection.touched_at >= now() - SELECTION_LIFE
    ]
    summed = next(
        (Total(row["file_count"], row["total_bytes"], is_estimate=bool(row["is_stale"])) for row in found["summary"]),
        None,
    )
    return ListAround(
        choices[0].choices if choices else None,
        selections[0] if selections else None,
        bool(selections and found["ticks"]),
        [_view(row) for row in found["views"]],
        runs[0] if runs else None,
        complete[0] if complete else None,
        summed,
    )


def _view(row: dict[str, Any]) -> SavedView:
    view = as_models(SavedView, [row])[0]
    view.owner = User(pk=row["owner_id"], username=row["owner__username"])
    return view


def _frame(marks: Marks, *, is_superuser: bool) -> Questions:
    person = User(pk=marks["user"], is_superuser=is_superuser)
    jobs = DeletionJob.objects.active().visible_to(person).order_by()
    return {
        "accounts": (Account.objects.visible_to(person), columns_of(Account)),
        "active_jobs": (jobs, ["id"]),
        "workers": (Worker.objects.order_by("-seen_at")[:1], ["id", "seen_at"]),
    }


def _frame_and_list(marks: Marks, *, is_superuser: bool) -> Questions:
    person, name = User(pk=marks["user"], is_superuser=is_superuser), marks["account"]
    account = Account.objects.filter(name=name).order_by().values("pk")[:1]
    selection = Selection.objects.owned_by(person).filter(account=account)
    views = SavedView.objects.visible_to(person).filter(account=account).order_by("name", "pk")
    runs = SyncRun.objects.filter(account=account).order_by("-pk")
    return {
        **_frame(marks, is_superuser=is_superuser),
        "preferences": (ListPreferences.objects.filter(owner=person), ["choices"]),
        "selection": (selection, columns_of(Selection)),
        "ticks": (SelectionItem.objects.filter(selection__in=selection.values("pk")).order_by()[:1], ["id"]),
        "views": (views[: 2 * MAX_VIEWS], [*columns_of(SavedView), "owner__username"]),
        "latest_run": (runs[:1], RUN),
        "complete_run": (runs.filter(state=SyncState.COMPLETE)[:1], RUN),
        "summary": (LibrarySummary.objects.filter(account=account), ["file_count", "total_bytes", "is_stale"]),
    }


STATEMENTS = {
    (is_superuser, has_list): AtOnce(partial(build, is_superuser=is_superuser), **marks)
    for is_superuser in (False, True)
    for has_list, build, marks in (
        (False, _frame, {"user": -7_001}),
        (True, _frame_and_list, {"user": -7_001, "account": "\ue000the account"}),
    )
}
