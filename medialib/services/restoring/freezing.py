"""From copies to a frozen list with its hash: what a person reviews and confirms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import Account, DeletionJob, Item, KeptCopy, Outcome, RestoreItem, RestoreJob
from medialib.services.accounts import rights
from medialib.services.audit.log import Actor
from medialib.services.base.clock import shared_now

FORMAT = "medialib-restore-1"
SLICE = 1000
MOST_FILES = 1_000_000
GONE = (Outcome.DELETED, Outcome.ALREADY_GONE, Outcome.UNVERIFIED)


@dataclass(frozen=True)
class FrozenRestore:
    job: RestoreJob
    without_copy: list[str]  # Ids that were asked for and of which there is no copy.


def of_job(source: DeletionJob, *, actor: Actor) -> FrozenRestore:
    """Freeze all files of a deletion job that may be gone and have their copy. Raises Refused when there are none."""
    gone = Item.objects.filter(manifest_id=source.manifest_id, outcome__in=GONE).values("file_id")
    copies = KeptCopy.objects.filter(job=source, file_id__in=gone)
    return _frozen(source.account, copies, {"kind": "job", "job": source.pk}, actor=actor)


def of_files(account: Account, file_ids: Sequence[str], *, actor: Actor, kind: str = "ids") -> FrozenRestore:
    """Freeze the newest copy of each of these files. Raises Refused when there is none of any."""
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        raise WrongUse(_("No file was named."))
    newest: dict[str, int] = {}
    for first in range(0, len(wanted), SLICE):
        rows = KeptCopy.objects.of_files(account.pk, wanted[first : first + SLICE])
        for file_id, pk in rows.values_list("file_id", "pk"):
            newest.setdefault(file_id, pk)
    copies = KeptCopy.objects.filter(pk__in=newest.values()) if len(newest) < SLICE else None
    found = copies if copies is not None else KeptCopy.objects.filter(account=account, file_id__in=list(newest))
    frozen = _frozen(account, found, {"kind": kind}, actor=actor)
    return FrozenRestore(frozen.job, [file_id for file_id in wanted if file_id not in newest])


def _frozen(account: Account, copies: Any, source: dict[str, Any], *, actor: Actor) -> FrozenRestore:
    scope = rights.scope_for(actor, account)
    sums = copies.aggregate(n=Count("pk"))
    if not sums["n"]:
        raise Refused(_("There is no copy of any of these files, so nothing can be restored."))
    if sums["n"] > MOST_FILES:
        raise Refused(_("One restore takes at most %(most)s files."), most=grouped(MOST_FILES))
    if not scope.is_everything and (outside := copies.exclude(scope.condition()).count()):
        text = _(
            "%(count)s of these files lie outside the folders in which “%(name)s” may act, so nothing is restored."
        )
        raise Refused(text, count=grouped(outside), name=actor.name)
    with transaction.atomic():
        job = RestoreJob.objects.create(
            account=account,
            requested_by=actor.user,
            requested_by_name=actor.name,
            source=source,
            sha256="",
            file_count=0,
            total_bytes=0,
            created_at=shared_now(),
        )
        rows = copies.select_related("content").order_by("file_id", "-pk").iterator(chunk_size=SLICE)
        RestoreItem.objects.bulk_create(_items(job, rows), batch_size=SLICE)
        found = job.items.aggregate(n=Count("pk"), size=Sum("size_bytes"))
        job.file_count, job.total_bytes = found["n"], found["size"]
        job.sha256 = sha256_of(job)
        job.save(update_fields=["file_count", "total_bytes", "sha256"])
    return FrozenRestore(job, [])


def _items(job: RestoreJob, copies: Iterable[KeptCopy]) -> Iterable[RestoreItem]:
    """One for each file: the newest copy of it."""
    position, last = 0, ""
    for copy in copies:
        if copy.file_id == last:
            continue
        last = copy.file_id
        yield RestoreItem(
            job=job,
            position=position,
            copy=copy,
            file_id=copy.file_id,
            path=copy.path,
            size_bytes=copy.size_bytes,
            sha256=copy.content.sha256,
        )
        position += 1


def sha256_of(job: RestoreJob) -> str:
    """The hash of the list as it is stored now: canonical JSON (RFC 8785), one line a file."""
    digest = hashlib.sha256()
    head: dict[str, Any] = {"account": job.account.name, "file_count": job.file_count, "format": FORMAT}
    digest.update(rfc8785.dumps(head) + b"\n")
    rows = job.items.order_by("position").values("file_id", "path", "size_bytes", "sha256")
    for row in rows.iterator(chunk_size=SLICE):
        line: dict[str, Any] = {**row, "size_bytes": str(row["size_bytes"])}
        digest.update(rfc8785.dumps(line) + b"\n")
    return digest.hexdigest()


@dataclass(frozen=True)
class Losses:
    """What of the files cannot come back, as numbers of files."""

    ai_tags: int
    versions: int
    drafts: int


def losses(job: RestoreJob) -> Losses:
    copies = KeptCopy.objects.filter(restores__job=job)
    older = Q(version_name="") | Q(version_name="Version 1")
    return Losses(
        ai_tags=copies.exclude(ai_tags=[]).count(),
        versions=copies.exclude(older).count(),
        drafts=copies.filter(is_published=False).count(),
    )
