"""Parts of the library read again between two syncs, because ImageKit told of a folder or a version and of no file.

A rename of a folder sends one event for each folder with its new path, a move one for the new and one for the old
path. So what lies below the path is listed, and what the index has there and the list has not is looked up by its id.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import FileMissing, ImageKitError
from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, Batch, BatchState, EventKind, Item, Removal
from medialib.models.memberships import DeleteScope, prefixes_of
from medialib.services.accounts import keys
from medialib.services.audit import log
from medialib.services.library import summary
from medialib.services.sync.indexing import index_file

logger = logging.getLogger(__name__)

MAX_FILES = 20_000  # A larger subtree waits for the next full sync.
LOOK_UP_SIZE = 100


def reread_folder(account: Account, path: str) -> int:
    """Bring the index in step below a folder. Returns how many of its rows changed, went or came."""
    with keys.client_for(account) as client:
        try:
            seen, changes = _list(account, client, path)
        except ValueError as error:
            logger.warning("folder not read again account=%s cause=%s", account.name, error)
            return 0
        unseen = [file_id for file_id in _known_below(account, path) if file_id not in seen]
        for start in range(0, len(unseen), LOOK_UP_SIZE):
            changes += _find(account, client, unseen[start : start + LOOK_UP_SIZE])
    if changes:
        summary.mark_stale(account.pk)
    logger.info("folder read again account=%s changes=%d", account.name, changes)
    return changes


def reread_file(account: Account, file_id: str) -> int:
    """Bring the index in step with one file. Returns 1 when its row changed."""
    with keys.client_for(account) as client:
        changes = _look_up(account, client, [file_id])
    if changes:
        summary.mark_stale(account.pk)
    return changes


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


def _list(account: Account, client: ImageKitClient, path: str) -> tuple[set[str], int]:
    """The ids below the path, all of them indexed. Only an empty page is the end: a server may cap its pages."""
    seen, changes, skip = set[str](), 0, 0
    while skip < MAX_FILES:
        page = client.list_below(path, skip=skip)
        if not page.row_count:
            return seen, changes
        changes += _index(account, page.files)
        seen |= {file.file_id for file in page.files}
        skip += page.row_count
    logger.warning("folder holds too much to be read again account=%s", account.name)
    return seen, changes


def _index(account: Account, files: tuple[RemoteFile, ...]) -> int:
    with transaction.atomic():
        return sum(index_file(account, file, was_seen=not _is_ours(account, file)) for file in files)


def _is_ours(account: Account, file: RemoteFile) -> bool:
    """Whether we deleted it: a list that lags behind does not bring it back."""
    return bool(Item.objects.deleted_by_job(account.pk, [file.file_id]))


def _known_below(account: Account, path: str) -> list[str]:
    below = DeleteScope(frozenset(prefixes_of(path))).condition()
    return list(Asset.objects.live(account).filter(below).values_list("file_id", flat=True)[: MAX_FILES + 1])


def _find(account: Account, client: ImageKitClient, file_ids: list[str]) -> int:
    """One search for many; what it does not find is asked for by its own address."""
    found = client.find_files(file_ids).files
    missed = [file_id for file_id in file_ids if file_id not in found]
    return _index(account, tuple(found.values())) + _look_up(account, client, missed)


def _look_up(account: Account, client: ImageKitClient, file_ids: list[str]) -> int:
    """Index the files that exist, wherever they are now; mark those gone of which ImageKit says so one by one."""
    changes = 0
    for file_id in file_ids:
        try:
            changes += _index(account, (client.file_details(file_id),))
        except FileMissing:
            with transaction.atomic():
                asset = Asset.objects.live(account).select_related("account").filter(file_id=file_id).first()
                changes += asset is not None and mark_gone(asset)
        except ImageKitError as error:
            logger.warning("file not read again account=%s file=%s cause=%s", account.name, file_id, error)
    return changes
