"""One paced search at ImageKit for a sample of a frozen list, before it is confirmed: does the key know these files?

What the index says of a list may be old, and only ImageKit knows whether the account's key opens the account that the
list was made from. Each file is looked at again right before its call; this is only to be told early.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError, said
from medialib.imagekit.client import MAX_DELETE_BATCH, ImageKitClient
from medialib.imagekit.errors import ImageKitError
from medialib.imagekit.types import RemoteFile
from medialib.models import Item, Manifest
from medialib.services.accounts import keys
from medialib.services.base.cache import kept
from medialib.services.base.client_words import in_words
from medialib.services.manifests.freezing import shown_now
from medialib.services.sync.parallel import read_turn

LONGEST_WAIT_S = 2.0  # For the account's allowance of reads; a person waits for the page.
BUSY = _("The account's allowance of reads is used up for the moment.")


@dataclass(frozen=True)
class Asked:
    """What ImageKit said of `asked` files: how many it does not know, and how many are not as they were frozen."""

    asked: int = 0
    foreign: int = 0
    changed: int = 0
    problem: str | Promise = ""

    @property
    def knows_none(self) -> bool:
        return 0 < self.asked == self.foreign


def ask(manifest: Manifest) -> Asked:
    """The same files each time; what was answered is good for a minute. Trouble is the answer, not an exception."""
    return kept(f"asked-{manifest.pk}", lambda: _ask(manifest), is_dear=lambda asked: not asked.problem)


def _ask(manifest: Manifest) -> Asked:
    items = _sample(manifest)
    try:
        with keys.client_for(manifest.account) as client:
            if not _may_read(manifest):
                return Asked(problem=BUSY)
            return _compare(items, client)
    except ImageKitError as error:
        return Asked(problem=in_words(error))
    except MedialibError as error:
        return Asked(problem=said(error))


def _sample(manifest: Manifest) -> list[Item]:
    count = min(MAX_DELETE_BATCH, manifest.file_count)
    positions = random.Random(manifest.pk.int).sample(range(manifest.file_count), count)
    return list(manifest.items.filter(position__in=positions))


def _may_read(manifest: Manifest) -> bool:
    take, until = read_turn(manifest.account), time.monotonic() + LONGEST_WAIT_S
    while wait_s := take():
        if time.monotonic() + wait_s > until:
            return False
        time.sleep(wait_s)
    return True


def _compare(items: list[Item], client: ImageKitClient) -> Asked:
    found = client.find_files([item.file_id for item in items], tries=1).files
    known = [(item, found[item.file_id]) for item in items if item.file_id in found]
    changed = sum(_is_changed(item, file) for item, file in known)
    return Asked(len(items), len(items) - len(known), changed)


def _is_changed(item: Item, file: RemoteFile) -> bool:
    return (item.path, item.size_bytes, item.file_updated_at, item.version_name) != shown_now(file)
