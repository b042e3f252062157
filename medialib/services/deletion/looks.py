"""A look before a call: the files of a batch as ImageKit has them now, compared with what was frozen.

What is gone, protected, outside the requester's folders or changed is settled and never sent. Rules are judged on the
index, so what a look found is written there first: one condition decides here as in lists and reviews.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from medialib.imagekit.errors import ImageKitError, KeyRejected, RateLimited
from medialib.imagekit.types import RemoteFile
from medialib.models import Asset, BatchState, DeletionJob, Item, Outcome, ProtectionRule, SkipCause
from medialib.models.deletion import causes
from medialib.models.deletion.batches import BATCH_SIZE
from medialib.models.manifests import FrozenFile
from medialib.models.memberships import DeleteScope
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.accounts import protections, rights
from medialib.services.accounts.key_checks import witnesses
from medialib.services.copies import keeping
from medialib.services.deletion import verdicts
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.verdicts import Ruling, Sent, Verdict
from medialib.services.sync.indexing import index_file, shown_values

# A call goes at most so long after its look was asked for, and after it was answered.
MAX_AGE_S = 2.0
MAX_WAIT_S = 1.2
NO_COPY = "No copy of it could be made, so it was not deleted: %(cause)s"
JUDGED_COLUMNS = ("tags", "ai_tags", "custom_metadata", "created_at")  # Of a file whose frozen columns are the same.


@dataclass(frozen=True)
class Look:
    """What ImageKit has of a batch's files. Times are by the monotonic clock, in seconds."""

    files: Mapping[str, RemoteFile]
    gone: frozenset[str]  # Proven file by file: 404 to its own address.
    asked_s: float
    answered_s: float
    request_id: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether it found none of its files: then the key may belong to another account."""
        return not self.files

    @property
    def ends_s(self) -> float:
        """Until when a call may be sent on its word. What is gone does not come back."""
        return math.inf if not self.files else min(self.asked_s + MAX_AGE_S, self.answered_s + MAX_WAIT_S)

    def is_fresh_in(self, seconds: float) -> bool:
        return time.monotonic() + seconds <= self.ends_s


def of_failed_look(error: ImageKitError) -> Verdict:
    """A look before a call that found nothing out: the batch waits, and is never sent unseen."""
    text = f"not sent, the look before the call failed: {error}"[:200]
    if isinstance(error, KeyRejected):
        cause = causes.KEY_REFUSED_BEFORE % {"error": error}
        return verdicts.key_refused(BatchState.WAITING, text, cause)
    if isinstance(error, RateLimited):
        return Verdict((), BatchState.WAITING, text, wait_s=min(60.0, error.retry_after_s or 2.0))
    return Verdict((), BatchState.WAITING, text, wait_s=2.0, error=text)


@dataclass(frozen=True)
class Known:
    """What the index has of a file: when it was updated, where it lies, whether it is listed, what else rules go by."""

    updated_at: datetime
    path: str
    is_live: bool
    judged: tuple[object, ...]


@dataclass(frozen=True)
class Terms:
    """What counts at this moment: the account's rules, and where the requester may delete."""

    rules: Sequence[ProtectionRule]
    scope: DeleteScope
    at: datetime

    @property
    def forbid_nothing(self) -> bool:
        return not self.rules and self.scope.is_everything


def terms_of(job: DeletionJob, *, at: datetime) -> Terms:
    """The rules and rights of this moment. Call it in the transaction that claims."""
    return Terms(rules=protections.rules_of(job.account, at=at), scope=rights.requester_scope(job), at=at)


def witnesses_for(job: DeletionJob) -> list[str]:
    """Files of the index, outside the job, that the account's own key must know; none where the index has no other."""
    mine = Item.objects.filter(manifest_id=job.manifest_id)
    return witnesses(job.account, besides=lambda ids: mine.filter(file_id__in=ids).values_list("file_id", flat=True))


def judge(
    job: DeletionJob, looked: Sequence[tuple[Claim, Look | None]], terms: Terms, *, needs_copies: bool
) -> dict[int, tuple[Ruling, ...]]:
    """By batch id, rulings for the files that may not be sent now; batches that may go whole are left out.

    Without a look (if the account says so) rules and scope are judged on what the index knows. All batches are read
    with one statement each for items and index: the calls wait for it. Call it in a transaction.
    """
    items = _open_items(job, [claim for claim, _ in looked])
    known = _known_of(job, [look for _, look in looked if look], has_rules=bool(terms.rules))
    differences: dict[int, dict[str, str]] = {}
    for claim, look in looked:
        differences[claim.batch_id] = found = differences_of(items[claim.batch_id], look, known) if look else {}
        if look:
            behind = {item.file_id for item in items[claim.batch_id] if _is_behind(item, look, known)}
            _index(job, look, known, set(found) - behind, has_rules=bool(terms.rules))
    present = {
        claim.batch_id: [item for item in items[claim.batch_id] if look is None or item.file_id not in look.gone]
        for claim, look in looked
    }
    ids = [item.file_id for batch in present.values() for item in batch]
    protected = protections.protected_among(job.account_id, ids, terms.rules, at=terms.at)
    rulings = {}
    for claim, look in looked:
        batch = present[claim.batch_id]
        outside = _outside(job, batch, look, terms.scope)
        mine = {item.file_id: protected[item.file_id] for item in batch if item.file_id in protected}
        gone = _gone(job, claim, look) if look else ()
        skips = _skips(mine, outside, differences[claim.batch_id])
        rest = [item for item in batch if not any(item.file_id in skip.file_ids for skip in skips)]
        rulings[claim.batch_id] = (*gone, *skips, *(_uncopied(job, rest) if needs_copies else ()))
    return {batch_id: found for batch_id, found in rulings.items() if found}


def _uncopied(job: DeletionJob, items: Sequence[FrozenFile]) -> list[Ruling]:
    """No copy, no deletion: whatever came before, the rows are asked once more in the transaction that claims."""
    lacking = frozenset(item.file_id for item in items) - keeping.copied_among(job, items)
    return [Ruling(Outcome.FAILED, NO_COPY % {"cause": "there is none any more."}, lacking)] if lacking else []


def _open_items(job: DeletionJob, claims: Sequence[Claim]) -> dict[int, list[FrozenFile]]:
    """By batch id, what was frozen of its open files."""
    rows = Item.objects.within(job.manifest_id, claims).filter(outcome="")
    by_number: dict[int, list[FrozenFile]] = {claim.number: [] for claim in claims}
    for position, *columns in rows.values_list("position", *FrozenFile._fields):
        by_number[position // BATCH_SIZE].append(FrozenFile(*columns))
    return {claim.batch_id: by_number[claim.number] for claim in claims}


def _skips(
    protected: Mapping[str, ProtectionRule], outside: Collection[str], differences: Mapping[str, str]
) -> list[Ruling]:
    """Each file is skipped for one cause: a rule first, then the requester's folders, then that it changed."""
    rulings: list[Ruling] = []
    for rule in {rule.pk or rule.value: rule for rule in protected.values()}.values():
        named = [file_id for file_id, by in protected.items() if by is rule]
        rulings += _skipped(SkipCause.PROTECTED, protections.evidence_of(rule), named, differences)
    rest = set(outside) - set(protected)
    rulings += _skipped(SkipCause.OUTSIDE, "It lies outside the folders in which the requester may delete.", rest, {})
    changed = set(differences) - set(protected) - set(outside)
    rulings += _skipped(SkipCause.CHANGED, "Changed since it was frozen, so it was not sent", changed, differences)
    return rulings


def differences_of(items: Sequence[FrozenFile], look: Look, known: Mapping[str, Known]) -> dict[str, str]:
    """By file id, in what the files differ from what was frozen; only those that do."""
    differences = {}
    for item in items:
        if (file := look.files.get(item.file_id)) is None:
            continue
        is_behind = _is_behind(item, look, known)
        text = _later(item, known[item.file_id]) if is_behind else _difference(item, file)
        if text:
            differences[item.file_id] = text
    return differences


def _is_behind(item: FrozenFile, look: Look, known: Mapping[str, Known]) -> bool:
    """Whether the index heard another way of a later change than the look shows: ImageKit's search lags.

    A move or rename may leave the updated time as it was. Then the look shows the frozen path, and the index another.
    """
    file, row = look.files.get(item.file_id), known.get(item.file_id)
    if file is None or row is None:
        return False
    if row.updated_at > (file.updated_at or UNKNOWN_TIME):
        return True
    return bool(item.path) and row.path != item.path == shown_values(file)["path"]


def _later(item: FrozenFile, known: Known) -> str:
    moved = f"moved to {known.path}, " if known.path != item.path else ""
    return f"a later change is known, {moved}updated {_in_utc(known.updated_at)}"


def _difference(item: FrozenFile, file: RemoteFile) -> str:
    is_same = (item.path, item.size_bytes, item.file_updated_at, item.version_name)
    if is_same == (file.path, file.size_bytes, file.updated_at, file.version_name):
        return ""
    now = shown_values(file)  # As the index would keep it: what was frozen came from there.
    if not item.path:
        return f"not known when it was frozen, now at {now['path']}"
    parts = [
        f"size {item.size_bytes:,} → {now['size_bytes']:,}" if item.size_bytes != now["size_bytes"] else "",
        f"{item.version_name or 'no version'} → {now['version_name']}"
        if item.version_name != now["version_name"]
        else "",
        f"moved to {now['path']}" if item.path != now["path"] else "",
        f"updated {_in_utc(file.updated_at)}" if item.file_updated_at != file.updated_at else "",
    ]
    return ", ".join(part for part in parts if part)


def _in_utc(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "at an unknown time"


def _known_of(job: DeletionJob, looks: Sequence[Look], *, has_rules: bool) -> dict[str, Known]:
    ids = [file_id for look in looks for file_id in look.files]
    rows = Asset.objects.filter(account_id=job.account_id, file_id__in=ids)
    columns = ("updated_at", "path", "removed_at", *(JUDGED_COLUMNS if has_rules else ()))
    return {row[0]: Known(row[1], row[2], row[3] is None, row[4:]) for row in rows.values_list("file_id", *columns)}


def _index(
    job: DeletionJob, look: Look, known: Mapping[str, Known], different: Collection[str], *, has_rules: bool
) -> None:
    """Write what the look found where it differs: the frozen columns, and what else a rule goes by."""
    stale = set(different)
    for file_id, file in look.files.items() if has_rules else ():
        row = known.get(file_id)
        if row is None or not row.is_live or row.judged != _judged(file):
            stale.add(file_id)
    for file_id in sorted(stale):
        index_file(job.account, look.files[file_id], was_seen=True)


def _judged(file: RemoteFile) -> tuple[object, ...]:
    values = shown_values(file)
    return tuple(values[column] for column in JUDGED_COLUMNS)


def _outside(job: DeletionJob, items: Sequence[FrozenFile], look: Look | None, scope: DeleteScope) -> set[str]:
    """Files whose current path lies where the requester may not delete; where none is known the frozen one counts."""
    if scope.is_everything:
        return set()
    if look:
        paths = {file_id: str(shown_values(file)["path"]) for file_id, file in look.files.items()}
    else:
        rows = Asset.objects.filter(account_id=job.account_id, file_id__in=[item.file_id for item in items])
        paths = dict(rows.values_list("file_id", "path"))
    return {item.file_id for item in items if not scope.allows(paths.get(item.file_id, item.path))}


def _gone(job: DeletionJob, claim: Claim, look: Look) -> tuple[Ruling, ...]:
    if not look.gone:
        return ()
    sent = Sent(frozenset(claim.file_ids), lost_answers=claim.lost_answers, never_seen=claim.never_seen)
    return verdicts.of_look_before(
        sent, gone=look.gone, gone_by_other=Item.objects.deleted_by_job(job.account_id, look.gone)
    )


def _skipped(
    cause: SkipCause, sentence: str, file_ids: Collection[str], differences: Mapping[str, str]
) -> list[Ruling]:
    """One ruling for each different evidence."""
    by_text: dict[str, set[str]] = {}
    for file_id in file_ids:
        difference = differences.get(file_id, "")
        text = f"{sentence.rstrip('.')} ({difference})." if difference else sentence
        by_text.setdefault(text, set()).add(file_id)
    return [Ruling(Outcome.SKIPPED, text, frozenset(ids), skip_cause=cause) for text, ids in sorted(by_text.items())]
