"""How much room copies take, how much is left, and until when the copies of a job stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Sum
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.models import Account, DeletionJob, KeptContent, KeptCopy, Manifest
from medialib.services.copies import storage
from medialib.services.copies.storage import StorageTrouble


@dataclass(frozen=True)
class RoomUsed:
    """Of one account. `used_bytes` counts equal bytes once; `left_bytes` is None where the storage does not say."""

    copies: int
    used_bytes: int
    left_bytes: int | None
    next_goes_at: datetime | None
    is_out_of_order: bool = False


def of_account(account: Account) -> RoomUsed:
    copies = KeptCopy.objects.filter(account=account).aggregate(n=Count("pk"), first=Min("keep_until"))
    used = KeptContent.objects.filter(account=account).aggregate(n=Sum("size_bytes", default=0))["n"]
    left, is_out_of_order = room_left()
    return RoomUsed(copies["n"], used, left, copies["first"], is_out_of_order)


def room_left() -> tuple[int | None, bool]:
    """Bytes, None where the storage does not say; and whether it is out of order."""
    try:
        return storage.free_bytes(), False
    except (StorageTrouble, OSError):
        return None, True


@dataclass(frozen=True)
class WayBack:
    """What there is of a job's copies."""

    days: int
    copies: int = 0
    total_bytes: int = 0
    first_goes_at: datetime | None = None
    last_goes_at: datetime | None = None


def of_job(job: DeletionJob) -> WayBack | None:
    """None for a job that keeps none. A finished job's copies have their day before the sweep has written it."""
    if job.keep_copies_days is None:
        return None
    found = KeptCopy.objects.filter(job=job).aggregate(
        n=Count("pk"), size=Sum("size_bytes", default=0), first=Min("keep_until"), last=Max("keep_until")
    )
    usual = job.finished_at + timedelta(days=job.keep_copies_days) if job.finished_at else None
    return WayBack(job.keep_copies_days, found["n"], found["size"], found["first"] or usual, found["last"] or usual)


def days_for(account: Account, earlier: DeletionJob | None, *, seen: int | None) -> int | None:
    """For how long the copies are kept. Files keep the way back that an earlier job promised them."""
    if seen is not None and seen != (account.keep_copies_days or 0):
        raise Refused(_("Whether copies are kept was changed since you looked, so nothing was confirmed. Look again."))
    promised = earlier.keep_copies_days if earlier else None
    return max(filter(None, (account.keep_copies_days, promised)), default=None)


@dataclass(frozen=True)
class Offered:
    """What a review says of copies: until when they would stay, and whether there is room for them now."""

    days: int
    until: datetime
    left_bytes: int | None
    has_room: bool


def offered(manifest: Manifest) -> Offered | None:
    """None where the account keeps none: then there is no way back."""
    days = manifest.account.keep_copies_days
    if not days:
        return None
    left, is_out_of_order = room_left()
    has_room = not is_out_of_order and (left is None or left >= manifest.total_bytes)
    return Offered(days, now() + timedelta(days=days), left, has_room)
