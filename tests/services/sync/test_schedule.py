"""Which sync is due when, without anybody asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils.timezone import now

from medialib.models import Account, SyncKind, SyncRun, SyncState
from medialib.services.sync import schedule as sync_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def schedule(settings: Any) -> None:
    settings.SYNC_EVERY_S, settings.FULL_SYNC_EVERY_S = 900, 86_400
    cache.clear()


def ran(account: Account, *, hours_ago: float, kind: SyncKind = SyncKind.FULL, state: str = SyncState.COMPLETE) -> None:
    at = now() - timedelta(hours=hours_ago)
    SyncRun.objects.create(account=account, kind=kind, state=state, started_at=at, heartbeat_at=at)


def test_the_first_sync_is_left_to_a_person(account: Account) -> None:
    assert sync_schedule.due(account) is None


def test_after_a_while_it_is_time_for_what_changed(account: Account) -> None:
    ran(account, hours_ago=1)
    assert sync_schedule.due(account) == SyncKind.INCREMENTAL


def test_shortly_after_a_sync_none_is_due(account: Account) -> None:
    ran(account, hours_ago=30)
    ran(account, hours_ago=0.1, kind=SyncKind.INCREMENTAL)
    assert sync_schedule.due(account) is None


def test_once_a_day_everything_is_listed(account: Account) -> None:
    ran(account, hours_ago=30)
    ran(account, hours_ago=1, kind=SyncKind.INCREMENTAL)
    assert sync_schedule.due(account) == SyncKind.FULL


def test_one_that_failed_is_tried_again_at_the_next_time(account: Account) -> None:
    ran(account, hours_ago=2)
    ran(account, hours_ago=0.1, state=SyncState.FAILED)
    assert sync_schedule.due(account) is None
    SyncRun.objects.update(started_at=now() - timedelta(hours=1))
    assert sync_schedule.due(account) == SyncKind.INCREMENTAL


@pytest.mark.parametrize(("setting", "due"), [("SYNC_EVERY_S", None), ("FULL_SYNC_EVERY_S", SyncKind.INCREMENTAL)])
def test_a_schedule_can_be_switched_off(account: Account, settings: Any, setting: str, due: SyncKind | None) -> None:
    ran(account, hours_ago=30)
    setattr(settings, setting, 0)
    assert sync_schedule.due(account) == due


def test_workers_are_asked_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[str, int]] = []
    monkeypatch.setattr(sync_schedule, "wake", lambda name, pk: woken.append((name, pk)))
    ran(account, hours_ago=1)
    assert sync_schedule.wake_due() == {account.name: SyncKind.INCREMENTAL}
    assert sync_schedule.wake_due() == {}
    assert woken == [("sync_changes", account.pk)]
