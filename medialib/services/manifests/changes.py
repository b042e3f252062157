"""What became of a frozen list since: which of its files changed, went, are protected or out of bounds by now.

Counted on the index, over the whole list, before anything is sent; each file is looked at again right before its call.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.models import Asset, DeletionJob, Item, Manifest, ProtectionRule
from medialib.models.memberships import EVERYTHING, DeleteScope
from medialib.services.accounts import protections
from medialib.services.base.cache import kept

PER_PAGE = 100


class Change(models.TextChoices):
    """How a file may differ from what was frozen; one file may in several ways."""

    CHANGED = "changed", _("changed since")
    GONE = "gone", _("gone from ImageKit")
    PROTECTED = "protected", _("protected by a rule")
    OUTSIDE = "outside", _("outside the folders of who asked for it")
    UNKNOWN = "unknown", _("not known to the index")


@dataclass(frozen=True)
class ListedFile:
    """A frozen file, what the index knows of it now, and the rule that protects it, if one does."""

    item: Item
    asset: Asset | None
    rule: ProtectionRule | None

    @property
    def is_gone(self) -> bool:
        return self.asset is not None and self.asset.removed_at is not None

    @property
    def is_moved(self) -> bool:
        return self.asset is not None and self.asset.path != self.item.path


@dataclass(frozen=True)
class ListedPage:
    files: list[ListedFile]
    next_after: int | None


def current_scope(manifest: Manifest) -> DeleteScope:
    """Where the person who answers for the list may delete now; everywhere for the product's own lists."""
    job = DeletionJob.objects.filter(manifest=manifest).select_related("requested_by").first()
    person = job.requested_by if job else manifest.frozen_by
    return manifest.account.delete_scope(person) if person else EVERYTHING


def counts_since(manifest: Manifest) -> list[tuple[Change, int]]:
    """How many files of the list show each change; where counting took long, as of the last minute."""
    took_s = 0.0

    def count() -> dict[str, int]:
        nonlocal took_s
        began, scope, at = time.monotonic(), current_scope(manifest), now()
        found = {change.value: items_with(manifest, [change], scope=scope, at=at).count() for change in Change}
        took_s = time.monotonic() - began
        return found

    counts = kept(f"since-{manifest.pk}", count, is_dear=lambda _found: took_s > protections.DEAR_S)
    return [(change, counts[change.value]) for change in Change]


def items_with(manifest: Manifest, changes: Collection[Change], *, scope: DeleteScope, at: datetime) -> QuerySet[Item]:
    """The files of the list that show at least one of these changes."""
    wanted = Q(pk__in=[])
    for change in changes:
        wanted |= _condition(manifest, change, scope, at)
    return manifest.items.filter(wanted)


def _condition(manifest: Manifest, change: Change, scope: DeleteScope, at: datetime) -> Q:
    known = Asset.objects.filter(account_id=manifest.account_id, file_id=OuterRef("file_id"))
    there = known.filter(removed_at__isnull=True)
    match change:
        case Change.CHANGED:
            return Q(Exists(there.filter(_differs())))
        case Change.GONE:
            return Q(Exists(known.filter(removed_at__isnull=False)))
        case Change.PROTECTED:
            rules = protections.rules_of(manifest.account, at=at)
            return Q(Exists(there.filter(protections.condition_of(rules, at=at)))) if rules else Q(pk__in=[])
        case Change.OUTSIDE:
            if scope.is_everything:
                return Q(pk__in=[])
            return Q(Exists(there.exclude(scope.condition()))) | ~Q(Exists(known)) & ~scope.condition()
    return ~Q(Exists(known))


def _differs() -> Q:
    """Whether an asset is not as the item around the query was frozen."""
    same = Q(path=OuterRef("path"), size_bytes=OuterRef("size_bytes"), version_name=OuterRef("version_name"))
    return ~same | Q(updated_at__gt=OuterRef("file_updated_at"))


def listed_page(manifest: Manifest, change: Change | None, *, after: int | None = None) -> ListedPage:
    """A page of the files with this change, or of all, in the order in which they are sent."""
    at = now()
    wanted = _condition(manifest, change, current_scope(manifest), at) if change else Q()
    items = manifest.items.filter(wanted)
    if after is not None:
        items = items.filter(position__gt=after)
    rows = list(items.order_by("position")[: PER_PAGE + 1])
    shown = rows[:PER_PAGE]
    ids = [item.file_id for item in shown]
    assets = {asset.file_id: asset for asset in Asset.objects.filter(account_id=manifest.account_id, file_id__in=ids)}
    rules = protections.protected_among(manifest.account_id, ids, protections.rules_of(manifest.account, at=at), at=at)
    files = [ListedFile(item, assets.get(item.file_id), rules.get(item.file_id)) for item in shown]
    return ListedPage(files, shown[-1].position if len(rows) > PER_PAGE else None)
