"""Batches whose files are to be copied: taken by one worker, looked at, given back when their copies are safe."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from medialib.errors import MedialibError, in_english
from medialib.imagekit.types import RemoteFile
from medialib.models import Batch, BatchState, DeletionJob, Item, JobState, Outcome, PaceKind, PauseCode
from medialib.models.deletion import causes
from medialib.models.manifests import FrozenFile
from medialib.services.accounts import pacing
from medialib.services.base.clock import shared_now
from medialib.services.copies import keeping
from medialib.services.copies.storage import StorageTrouble
from medialib.services.deletion import breaker, leases, looks, settling
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.conflicts import without_conflicts
from medialib.services.deletion.looks import Look
from medialib.services.deletion.verdicts import Ruling


def claim_to_copy(job: DeletionJob, *, worker: str, want: int) -> list[Claim]:
    """Lease up to `want` batches that need their copies. Their looks are taken from the allowance of reads."""
    with transaction.atomic():
        rows = settling.lock(job)
        if rows.job.state != JobState.RUNNING or want <= 0:
            return []
        at = shared_now()
        waiting = job.batches.free(at).filter(state=BatchState.WAITING, needs_copies=True)
        found = without_conflicts(job, list(waiting.select_for_update()[:want]), at=at)
        if not found:
            return []
        pace = pacing.pace_of(job.account, PaceKind.LOOK, lock=True)
        reads, taken = pacing.fixed(settings.IMAGEKIT_LOOK_RATE), 0
        while taken < len(found) and not pacing.take(pace, reads, at=at):
            taken += 1
        pace.save(update_fields=["recent"])
        return leases.lend(found[:taken], job, worker=worker, at=at)


def files_to_copy(job: DeletionJob, claim: Claim, look: Look) -> list[RemoteFile]:
    """Files that may be sent as things stand, and of which the job has no copy yet."""
    with transaction.atomic():
        at = shared_now()
        ruled = looks.judge(job, [(claim, look)], looks.terms_of(job, at=at), needs_copies=False)
        forbidden = {file_id for ruling in ruled.get(claim.batch_id, ()) for file_id in ruling.file_ids}
        frozen = _frozen(job, claim)
        copied = keeping.copied_among(job, frozen)
    wanted = {item.file_id for item in frozen} - copied - forbidden
    files = [file for file_id, file in look.files.items() if file_id in wanted]
    reused = keeping.reuse(job, files) if files else set()
    return [file for file in files if file.file_id not in reused]


def _frozen(job: DeletionJob, claim: Claim) -> list[FrozenFile]:
    rows = Item.objects.within(job.manifest_id, [claim]).filter(outcome="")
    return [FrozenFile(*row) for row in rows.values_list(*FrozenFile._fields)]


def give_back(job: DeletionJob, claim: Claim, look: Look, errors: Mapping[str, str], *, worker: str) -> None:
    """Let the batch be sent, less the files of which there is no copy: those have failed.

    Raises LeaseLost, with nothing written, when another worker has taken the batch over.
    """
    with transaction.atomic():
        rows, at = settling.lock(job), shared_now()
        mine = Batch.objects.held_by(worker, claim.fence).filter(pk=claim.batch_id, state=BatchState.WAITING)
        if not mine.update(needs_copies=False, lease_until=None):
            raise settling.LeaseLost(f"batch {claim.batch_id} was taken over")
        if errors:
            rulings = _rulings(errors)
            settling.settle_unsent(job, claim, rulings, worker=worker, look=look, at=at)
            rows.job.refresh_from_db()
            if cause := breaker.reason_to_stop(rows.job, error="", same_errors=0):
                breaker.stop(rows.job, cause, code=PauseCode.BREAKER)


def _rulings(errors: Mapping[str, str]) -> list[Ruling]:
    by_text: dict[str, set[str]] = {}
    for file_id, text in errors.items():
        by_text.setdefault(looks.NO_COPY % {"cause": text}, set()).add(file_id)
    return [Ruling(Outcome.FAILED, text, frozenset(ids)) for text, ids in sorted(by_text.items())]


def stop_for(job: DeletionJob, trouble: StorageTrouble) -> None:
    """Pause the job: its files wait until there is room for their copies."""
    template = causes.STORAGE_FULL if trouble.is_full else causes.STORAGE_FAILS
    breaker.stop(job, breaker.until_resumed(template % {"error": trouble}), code=PauseCode.STORAGE)


def stop_for_address(job: DeletionJob, error: MedialibError) -> None:
    """Pause the job: its account's endpoint may not be called, so there will be no copies."""
    breaker.stop(job, breaker.until_resumed(in_english(error)), code=PauseCode.STORAGE)
