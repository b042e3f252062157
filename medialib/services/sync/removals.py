"""When a sync may mark files as gone: not many at once, and never because a list was empty, unless a person says so.

A list can be wrong as a whole: an outage that answers with nothing, a proxy, the key of another account. A person who
knows that so many files are gone accepts the number, and the next run marks up to that many.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError, Refused, grouped, said
from medialib.models import Account, Asset, EventKind, SyncKind, SyncRun
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.base.wake import wake

ALWAYS_BELIEVED = 50  # Files: so few may go between two runs of any library.
ACCEPTED_FOR = timedelta(hours=6)


class RemovalsWithheld(Refused):
    """The list lacks more files, `file_count`, than are marked as gone without asking. None was marked."""

    def __init__(self, run: SyncRun, file_count: int, cause: str | Promise, **params: object) -> None:
        super().__init__(
            _(
                "No file of “%(account)s” was marked as gone: %(cause)s. If they are gone indeed, accept that on the "
                "library's page, or run synclibrary %(account)s --accept-removals."
            ),
            account=run.account.name,
            cause=said(MedialibError(cause, **params)),
        )
        self.file_count = file_count


def check_list(run: SyncRun, *, last_pk: int, is_accepted: bool) -> None:
    """Raises RemovalsWithheld when a library that had files was listed as empty."""
    file_count = 0 if run.seen else Asset.objects.unseen_in(run, up_to_pk=last_pk).count()
    if file_count > _accepted(run, is_accepted=is_accepted):
        cause = _("ImageKit listed no file at all, where %(count)s were known")
        raise RemovalsWithheld(run, file_count, cause, count=grouped(file_count))


def check_removals(run: SyncRun, *, last_pk: int, is_accepted: bool) -> None:
    """Raises RemovalsWithheld when too large a share of the library would be marked as gone."""
    file_count = Asset.objects.unseen_in(run, up_to_pk=last_pk).count()
    if file_count <= max(ALWAYS_BELIEVED, _accepted(run, is_accepted=is_accepted)):
        return
    known, percent = Asset.objects.live(run.account).filter(pk__lte=last_pk).count(), settings.SYNC_MAX_GONE_PERCENT
    if file_count * 100 > known * percent:
        cause = _("ImageKit no longer lists %(count)s of %(known)s files, more than %(percent)s %%")
        amounts = {"count": grouped(file_count), "known": grouped(known), "percent": percent}
        raise RemovalsWithheld(run, file_count, cause, **amounts)


def accept(account: Account, *, file_count: int, actor: Actor) -> None:
    """Let the next run mark up to so many files as gone, and ask a worker for it. It lists everything again.

    Raises Refused when the latest run asks about another number, or about none, as after it was accepted.
    """
    with transaction.atomic():
        run = SyncRun.objects.select_for_update(no_key=True).filter(account=account).first()
        if run is None or not 0 < file_count == run.asks_about:
            raise Refused(_("The last sync does not ask about so many files any more. Reload the page."))
        run.accepted_at = now()
        run.save(update_fields=["accepted_at"])
        record_accepted(run, file_count, actor=actor)
        wake("sync_library", account.pk)


def record_accepted(run: SyncRun, file_count: int, *, actor: Actor) -> None:
    detail = {"sync": run.pk, "files": file_count}
    log.record(EventKind.REMOVALS_ACCEPTED, actor=actor, account=run.account, detail=detail)


def _accepted(run: SyncRun, *, is_accepted: bool) -> float:
    """How many files may be marked, however large their share."""
    if is_accepted:
        return float("inf")
    earlier = SyncRun.objects.filter(account=run.account, pk__lt=run.pk, kind=SyncKind.FULL).first()
    is_fresh = earlier and earlier.accepted_at and earlier.accepted_at >= now() - ACCEPTED_FOR
    return (earlier.withheld or 0) if earlier and is_fresh else 0
