"""Empty a library: what would go, what would stay, and the list of it. From there on it is a deletion as any other.

ImageKit's own button stops at 50,000 files; a list has no such end. Protected files and files outside the person's
folders are left out of it, and everything that goes by a list goes for this one: review, number, proof, undo, looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.models import Account, Asset, Manifest, SyncRun
from medialib.models.manifests import LIBRARY
from medialib.models.memberships import DeleteScope
from medialib.services.accounts import protections, rights
from medialib.services.accounts.protections import ShownRule
from medialib.services.audit.log import Actor
from medialib.services.manifests import counts
from medialib.services.manifests.freezing import freeze_assets

FRESH_FOR = timedelta(hours=1)  # How old the latest complete sync may be.


@dataclass(frozen=True)
class Emptying:
    """What emptying the library would take: `files` of `total_bytes` in `folders`. The others stay."""

    files: int
    total_bytes: int
    folders: int
    protected: int
    rules: list[ShownRule]
    outside: int
    synced_at: datetime | None
    has_right: bool

    @property
    def is_fresh(self) -> bool:
        return _is_fresh(self.synced_at)

    @property
    def is_ready(self) -> bool:
        return self.is_fresh and self.has_right and self.files > 0


def preview(account: Account, actor: Actor) -> Emptying:
    """Raises Refused when the actor may delete nothing in the account."""
    scope, at = rights.scope_for(actor, account), now()
    there = Asset.objects.live(account)
    unprotected = _unprotected(account, at)
    going = unprotected.filter(scope.condition())
    sums = going.aggregate(
        files=Count("pk"), total=Sum("size_bytes", default=0), folders=Count("folder", distinct=True)
    )
    free = sums["files"] if scope.is_everything else unprotected.count()
    return Emptying(
        files=sums["files"],
        total_bytes=sums["total"],
        folders=sums["folders"],
        protected=there.count() - free,
        rules=[each for each in protections.shown_rules(account) if each.files],
        outside=free - sums["files"],
        synced_at=_synced_at(account),
        has_right=rights.may_empty(actor),
    )


def freeze_library(account: Account, *, actor: Actor, shown: int | None = None) -> Manifest:
    """Freeze every file that is there, unprotected and within what the actor may delete.

    Raises Refused without the right to delete a whole library, when no sync went through within the hour, when there
    is no such file, or when they are not as many as the person was shown.
    """
    if not rights.may_empty(actor):
        raise Refused(_("“%(name)s” lacks the right to delete a whole library."), name=actor.name)
    if not _is_fresh(_synced_at(account)):
        raise Refused(_("The library was not synced within the last hour. Sync it, then look again at what would go."))
    with transaction.atomic():
        scope, unprotected = rights.scope_for(actor, account), _unprotected(account, now())
        selected = unprotected.count()
        counts.refuse_other_than_shown(_within(unprotected, scope, selected), shown)
        protected = Asset.objects.live(account).count() - selected
        source = {"kind": LIBRARY, "protected": protected, counts.SELECTED: selected}
        manifest = freeze_assets(account, unprotected, source=source, actor=actor)
        counts.refuse_unequal(manifest)
    return manifest


def _unprotected(account: Account, at: datetime) -> QuerySet[Asset]:
    there, rules = Asset.objects.live(account), protections.rules_of(account, at=at)
    if not rules:
        return there
    # Asked from within: a NOT around a condition on unknown values would leave out files that no rule protects.
    protected = Asset.objects.filter(protections.condition_of(rules, at=at), pk=OuterRef("pk"))
    return there.filter(~Exists(protected))


def _within(files: QuerySet[Asset], scope: DeleteScope, count: int) -> int:
    return count if scope.is_everything else files.filter(scope.condition()).count()


def _synced_at(account: Account) -> datetime | None:
    run = SyncRun.objects.latest_complete(account)
    return run.started_at if run else None


def _is_fresh(synced_at: datetime | None) -> bool:
    return synced_at is not None and synced_at > now() - FRESH_FOR
