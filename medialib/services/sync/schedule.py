"""When an account's index is brought up to date by itself."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils.timezone import now

from medialib.models import Account, SyncKind, SyncRun
from medialib.services.base.wake import wake

TASKS = {SyncKind.FULL: "sync_library", SyncKind.INCREMENTAL: "sync_changes"}


def wake_due() -> dict[str, SyncKind]:
    """Ask workers for each sync that is due. Returns their kinds by the names of their accounts."""
    kinds = {account: due(account) for account in Account.objects.all()}
    return {account.name: kind for account, kind in kinds.items() if kind and _wake(account, kind)}


def due(account: Account) -> SyncKind | None:
    """Which sync it is time for. The first one of an account is for a person to start."""
    latest, full = SyncRun.objects.filter(account=account).first(), SyncRun.objects.latest_full(account)
    if latest is None or full is None or not _is_over(latest, settings.SYNC_EVERY_S):
        return None
    return SyncKind.FULL if _is_over(full, settings.FULL_SYNC_EVERY_S) else SyncKind.INCREMENTAL


def _is_over(run: SyncRun, every_s: int) -> bool:
    """Whether a run began so long ago that the next one is due; never when it is switched off."""
    return every_s > 0 and run.started_at <= now() - timedelta(seconds=every_s)


def _wake(account: Account, kind: SyncKind) -> bool:
    """One worker's sweep asks; the others leave it, and so does the next sweep while the queue is long."""
    is_first = cache.add(f"sync-woken-{account.pk}", True, timeout=max(60, settings.SYNC_EVERY_S // 2))
    if is_first:
        wake(TASKS[kind], account.pk)
    return is_first
