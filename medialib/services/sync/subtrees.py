"""Parts of the library read again between two syncs, because ImageKit named a folder or a version, but no file.

A rename of a folder sends one event for each folder with its new path, a move one for the new and one for the old
path. So what lies below the path is listed, and what the index has there and the list has not is looked up by its id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import BadRequest, FileMissing, ImageKitError
from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, Batch, BatchState, EventKind, Item, Removal
from medialib.models.memberships import DeleteScope
from medialib.services.accounts import keys
from medialib.services.accounts.key_checks import knows_any, witnesses
from medialib.services.audit import log
from medialib.services.base.slices import slices
from medialib.services.library import summary
from medialib.services.sync.indexing import index_file
from medialib.services.sync.parallel import read_turn

logger = logging.getLogger(__name__)

MAX_FILES = 20_000  # A larger subtree waits for the next full sync.
LOOK_UP_SIZE = 100


def reread_folder(account: Account, path: str) -> int:
    """Bring the index in step below a folder. Returns how many of its rows changed, went or came."""
    return _reread(account, lambda reader: reader.folder(path))


def reread_file(account: Account, file_id: str) -> int:
    """Bring the index in step with one file. Returns 1 when its row changed."""
    return _reread(account, lambda reader: reader.look_up([file_id]))


def _reread(account: Account, read: Callable[[Reader], None]) -> int:
    """What was read so far is kept when ImageKit stops to answer; the next sync has the last word anyway."""
    with keys.client_for(account) as client:
        reader = Reader(account, client)
        try:
            read(reader)
        except (ImageKitError, ValueError) as error:
            logger.warning("not read again to its end account=%s cause=%s", account.name, error)
    logger.info("read again account=%s changes=%d", account.name, reader.changes)
    return reader.changes


def mark_gone(asset: Asset) -> bool:
    """Mark a file as gone that ImageKit said is deleted, and record it unless a call of ours may have done that.

    Call it in a transaction. Returns whether anything changed: what our own call took is marked when it is settled.
    """
    if _is_in_a_call(asset):
        return False
    live = Asset.objects.filter(pk=asset.pk, removed_at__isnull=True)
    if not live.update(removed_at=now(), removal=Removal.MISSING):
        return False
    if not Item.objects.deleted_by_job(asset.account_id, [asset.file_id]):
        log.record(EventKind.FILE_GONE, account=asset.account, file=asset)
    return True


def _is_in_a_call(asset: Asset) -> bool:
    """Whether a delete call that names the file was sent, and its answer is not recorded or was lost."""
    sent = Batch.objects.open().exclude(state=BatchState.WAITING)
    of_item = sent.filter(
        job__manifest=OuterRef("manifest"),
        first_position__lte=OuterRef("position"),
        last_position__gte=OuterRef("position"),
    )
    items = Item.objects.filter(file_id=asset.file_id, manifest__account_id=asset.account_id, outcome="")
    return items.filter(Exists(of_item)).exists()


class Reader:
    """Reads of one event, each taken from the account's allowance, and what they changed in the index."""

    def __init__(self, account: Account, client: ImageKitClient) -> None:
        self.account, self.client, self.changes = account, client, 0
        self._take = read_turn(account)

    def folder(self, path: str) -> None:
        """List what is below the path, then look up what the index has there and the list has not."""
        seen = self._list(path)
        if seen is not None:
            self.find([file_id for file_id in self._known_below(path) if file_id not in seen])

    def find(self, file_ids: list[str]) -> None:
        """Index these files, wherever they are now; those that a search does not find are read one by one."""
        missed: list[str] = []
        for ids in slices(file_ids, LOOK_UP_SIZE):
            self._wait()
            found = self.client.find_files(ids).files
            self._index(found.values())
            missed += [file_id for file_id in ids if file_id not in found]
        self.look_up(missed)

    def look_up(self, file_ids: list[str]) -> None:
        """Index these files by their own addresses, which lag behind nothing; mark those gone that ImageKit lacks."""
        gone = []
        for file_id in file_ids:
            self._wait()
            try:
                self._index([self.client.file_details(file_id)])
            except FileMissing:
                gone.append(file_id)
            except BadRequest as error:
                logger.warning("file not read again account=%s cause=%s", self.account.name, error)
        if gone:
            self._mark(gone)

    def _list(self, path: str) -> set[str] | None:
        """The ids below the path, all indexed; None for too many. Only an empty page is the end: a server may cap."""
        seen, skip = set[str](), 0
        while skip < MAX_FILES:
            self._wait()
            page = self.client.list_below(path, skip=skip)
            if not page.row_count:
                return seen
            self._index(page.files)
            seen |= {file.file_id for file in page.files}
            skip += page.row_count
        logger.warning("folder holds too much to be read again account=%s", self.account.name)
        return None

    def _known_below(self, path: str) -> list[str]:
        below = DeleteScope(frozenset([f"{path.rstrip('/')}/"])).condition()
        return list(Asset.objects.live(self.account).filter(below).values_list("file_id", flat=True)[:MAX_FILES])

    def _mark(self, gone: list[str]) -> None:
        """Believe it only of a key that knows other files of the account: one of another account knows none."""
        others = witnesses(self.account, besides=set(gone).intersection)
        if not knows_any(self.client, others):
            logger.warning("key knows none of the account's files, nothing marked account=%s", self.account.name)
            return
        for file_id in gone:
            with transaction.atomic():
                asset = Asset.objects.live(self.account).select_related("account").filter(file_id=file_id).first()
                self._note(asset is not None and mark_gone(asset))

    def _index(self, files: Collection[RemoteFile]) -> None:
        """A list that lags behind does not bring back what we deleted."""
        ours = Item.objects.deleted_by_job(self.account.pk, [file.file_id for file in files])
        with transaction.atomic():
            for file in files:
                self._note(index_file(self.account, file, was_seen=file.file_id not in ours))

    def _note(self, is_change: bool) -> None:
        """In the transaction of the change."""
        if is_change:
            self.changes += 1
            summary.mark_stale(self.account.pk)

    def _wait(self) -> None:
        while wait_s := self._take():
            time.sleep(wait_s)
