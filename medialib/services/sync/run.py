"""run_sync: bring the cached index of an account in step with ImageKit."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Max
from django.utils.timezone import localtime, now

from medialib.errors import MedialibError, Refused
from medialib.imagekit.client import MAX_DELETE_BATCH, ImageKitClient
from medialib.imagekit.errors import FileMissing, ImageKitError
from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, Removal, SyncKind, SyncRun
from medialib.models.sql import analyze
from medialib.services.accounts import keys
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.base.database_errors import database_cause
from medialib.services.library import summary
from medialib.services.sync import removals
from medialib.services.sync.indexing import index_files
from medialib.services.sync.parallel import Crowd, note_read, read_turn, stretches_of
from medialib.services.sync.walk import CREATED, UPDATED

logger = logging.getLogger(__name__)

LOOK_UP_SIZE = MAX_DELETE_BATCH - 1  # And a witness: one search takes no more.
MARK_SIZE = 1000
GROWN_AFTER = {5, 50, 500}  # Pages after which the planner should know that the table is another one.
# An incremental run looks back a little further: our clock and ImageKit's differ, and its lists may lag behind.
CLOCKS_DIFFER = timedelta(minutes=10)


def run_sync(
    account: Account,
    *,
    actor: Actor = SYSTEM,
    client: AbstractContextManager[ImageKitClient] | None = None,
    kind: SyncKind = SyncKind.FULL,
    accept_removals: bool = False,
) -> SyncRun:
    """List all files of the account and update its rows; what is no longer there is marked, never removed.

    An incremental run lists only what changed since the last complete run, and so marks nothing. A run that stopped
    within the last hour is taken up where it stopped, even if another kind is asked for. With `accept_removals` any
    number of files may turn out to be gone.

    Raises RemovalsWithheld when more would be marked than is done without asking, Refused when a sync runs already, and
    MedialibError when it could not be finished: then what was listed is up to date, and nothing was marked as gone.
    """
    with client or keys.client_for(account) as connected:
        run = _claim(account, kind)
        logger.info("sync started account=%s run=%d kind=%s actor=%s", account.name, run.pk, run.kind, actor.name)
        with _ending_in_a_sentence(run):
            _bring_in_step(run, connected, accept_removals=accept_removals)
    run.refresh_from_db()
    if accept_removals and run.removed:
        removals.record_accepted(run, run.removed, actor=actor)
    logger.info("sync complete run=%d seen=%d added=%d removed=%d", run.pk, run.seen, run.added, run.removed)
    return run


def _claim(account: Account, kind: SyncKind) -> SyncRun:
    latest = SyncRun.objects.latest_complete(account) if kind == SyncKind.INCREMENTAL else None
    since = latest.started_at - CLOCKS_DIFFER if latest else None
    kind = SyncKind.INCREMENTAL if latest else SyncKind.FULL
    left_out = latest.left_out if latest else []
    try:
        run = SyncRun.objects.resume(account) or SyncRun.objects.claim(
            account, kind=kind, since=since, left_out=left_out
        )
    except DatabaseError as error:
        cause = database_cause(error)
        raise MedialibError(f"The sync of “{account.name}” could not begin: {cause}.") from error
    if run is None:
        other = SyncRun.objects.running(account)
        begun = f" since {localtime(other.started_at):%H:%M}" if other else ""
        raise Refused(f"A sync of “{account.name}” is running already{begun}.")
    return run


def _bring_in_step(run: SyncRun, client: ImageKitClient, *, accept_removals: bool) -> None:
    # Rows that come into the cache while we list are newer than the list and say nothing by not being in it.
    last_pk = run.place.get("last_pk")
    if last_pk is None:
        last_pk = Asset.objects.filter(account=run.account).aggregate(last=Max("pk"))["last"] or 0
    source = _Source(client, has_queries=_list(run, client, last_pk))
    if run.kind == SyncKind.FULL:
        run.refresh_from_db(fields=["seen"])
        removals.check_list(run, last_pk=last_pk, is_accepted=accept_removals)
        _look_up_unseen(run, source, last_pk)
    with transaction.atomic():  # Either the run is complete, or nothing is gone because of it.
        if run.kind == SyncKind.FULL:
            removals.check_removals(run, last_pk=last_pk, is_accepted=accept_removals)
            _mark_unseen_gone(run, last_pk)
        if not run.complete():
            raise _taken_over(run)


@dataclass(frozen=True)
class _Source:
    client: ImageKitClient
    has_queries: bool  # Whether this server answers questions.


def _list(run: SyncRun, client: ImageKitClient, last_pk: int) -> bool:
    """Read what is left to list, and note after each page what then is. Returns whether questions were answered."""
    by = CREATED if run.kind == SyncKind.FULL else UPDATED
    left = stretches_of(run.place.get("left", [[run.since.isoformat() if run.since else None, None]]))
    crowd = Crowd(client, by=by, stretches=left, turn=read_turn(run.account))
    for number, page in enumerate(crowd.pages(), start=1):
        if run.kind == SyncKind.INCREMENTAL and not crowd.has_queries:
            _make_full(run)
        place = {"last_pk": last_pk, "left": crowd.left(), "is_deaf": not crowd.has_queries}
        _store(run, page.files, place=place)
        note_read(run.account, page)
        if number in GROWN_AFTER:
            analyze(Asset)
    # A run that is taken up may have nothing left to list, and so does not hear again that questions go unanswered.
    return crowd.has_queries and not run.place.get("is_deaf")


def _make_full(run: SyncRun) -> None:
    """A server that does not answer what changed lists everything, so this run learns what a full one does."""
    run.kind = SyncKind.FULL
    SyncRun.objects.filter(pk=run.pk).update(kind=SyncKind.FULL, since=None)


def _store(run: SyncRun, files: tuple[RemoteFile, ...], *, place: dict[str, Any] | None = None) -> None:
    with transaction.atomic():
        tally = index_files(run, files)
        if tally.added or tally.changed or tally.came_back:
            summary.mark_stale(run.account_id)
        _beat(run, place=place, **asdict(tally))


def _beat(run: SyncRun, *, place: dict[str, Any] | None = None, **counts: int) -> None:
    if not run.beat(place=place, **counts):
        raise _taken_over(run)


def _taken_over(run: SyncRun) -> Refused:
    return Refused(f"The sync of “{run.account.name}” was silent for too long and has been given up.")


def _look_up_unseen(run: SyncRun, source: _Source, last_pk: int) -> None:
    """Ask for each file that the list did not show: one that moved while we paged was only missed."""
    listed = Asset.objects.live(run.account).filter(seen_in=run).order_by("pk").values_list("file_id", flat=True)
    witness = listed.first() if source.has_queries else None
    for rows in _unseen_rows(run, last_pk, LOOK_UP_SIZE):
        found = _look_up(source, [file_id for _, file_id in rows], witness=witness)
        _store(run, tuple(found))


def _look_up(source: _Source, file_ids: list[str], *, witness: str | None) -> list[RemoteFile]:
    """Raises MedialibError when a search does not even find the witness, a file that was just listed and is there."""
    if source.has_queries:
        found = source.client.find_files([*file_ids, witness] if witness else file_ids).files
        if witness and witness not in found and _details(source.client, witness):
            raise MedialibError("ImageKit's search does not find a file that its list shows, so it proves nothing")
        return list(found.values())
    # This server does not answer questions, so not finding a file by one would prove nothing.
    return [file for file_id in file_ids if (file := _details(source.client, file_id))]


def _details(client: ImageKitClient, file_id: str) -> RemoteFile | None:
    try:
        return client.file_details(file_id)
    except FileMissing:
        return None


def _mark_unseen_gone(run: SyncRun, last_pk: int) -> None:
    for rows in _unseen_rows(run, last_pk, MARK_SIZE):
        unseen = Asset.objects.unseen_in(run, up_to_pk=last_pk).filter(pk__in=[pk for pk, _ in rows])
        _beat(run, removed=unseen.update(removed_at=now(), removal=Removal.MISSING))
        summary.mark_stale(run.account_id)


def _unseen_rows(run: SyncRun, last_pk: int, size: int) -> Iterator[list[tuple[int, str]]]:
    """The unseen rows as (pk, file id), a few at a time; each slice is read when it is its turn."""
    unseen = Asset.objects.unseen_in(run, up_to_pk=last_pk).order_by("pk").values_list("pk", "file_id")
    rows = list(unseen[:size])
    while rows:
        yield rows
        rows = list(unseen.filter(pk__gt=rows[-1][0])[:size])


@contextmanager
def _ending_in_a_sentence(run: SyncRun) -> Iterator[None]:
    """Each failure is noted on the run, as one sentence for a person."""
    try:
        yield
    except (ImageKitError, DatabaseError, MedialibError) as error:
        sentence = str(error) if isinstance(error, Refused) else _sentence(run, error)
        _record_failure(run, sentence, withheld=getattr(error, "file_count", None))
        raise (error if isinstance(error, Refused) else MedialibError(sentence)) from error
    except BaseException as error:
        _record_failure(run, f"It ended unexpectedly ({type(error).__name__}). Nothing was marked as gone.")
        raise


def _sentence(run: SyncRun, error: Exception) -> str:
    cause = database_cause(error) if isinstance(error, DatabaseError) else str(error).rstrip(".")
    wait_s = getattr(error, "retry_after_s", None)
    when = f" Try again after {localtime(now() + timedelta(seconds=wait_s)):%H:%M:%S}." if wait_s else ""
    return f"The sync of “{run.account.name}” stopped before its end, and no file was marked as gone: {cause}.{when}"


def _record_failure(run: SyncRun, sentence: str, *, withheld: int | None = None) -> None:
    # When the database itself is what failed, the run stays "running" until the next one sees that it is silent.
    with suppress(DatabaseError):
        run.fail(sentence, withheld=withheld)
    logger.warning("sync failed run=%d cause=%s", run.pk, sentence)
