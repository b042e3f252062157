"""A finished job's receipt: what was asked, by whom and why, what came of each file, and where the log says so.

It is signed with the audit log's key and carries Merkle proofs of the job's own events, so that docs/verify_export.py
checks it on a machine that has never seen the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.models import AuditEvent, AuditSegment, DeletionJob, EventKind, Exchange, Outcome
from medialib.models.sql import CanonicalTime
from medialib.services.audit.seal import headers, keys, merkle, sealing
from medialib.services.audit.seal.keys import SigningKey
from medialib.services.audit.seal.lines import BEFORE_ALL, canonical, lines
from medialib.services.base.clock import shared_now
from medialib.services.base.slices import slices
from medialib.services.jobs import agreement, sealed_course

FORMAT = "medialib-receipt-1"
PROVEN = [
    EventKind.JOB_CONFIRMED,
    EventKind.JOB_TAKEN_OVER,
    EventKind.JOB_STARTED,
    EventKind.JOB_UNDONE,
    EventKind.JOB_CANCELLED,
    EventKind.JOB_VERIFY,
    EventKind.JOB_FINISHED,
]
HOW_TO_VERIFY = (
    "python3 verify_export.py RECEIPT --public-key KEY, with the key that you were given another way and the file of "
    "outcomes beside the receipt. verify_export.py and the description of this format are in medialib's docs folder."
)
FETCH, AT_ONCE = 5_000, 500


@dataclass(frozen=True)
class Receipt:
    """`text` is the signed document, one line of JSON; `facts` are the same as plain values, for pages."""

    text: str
    facts: dict[str, Any]


def receipt(job: DeletionJob) -> Receipt:
    """Raises Refused while the job is not finished, and where the log cannot prove it or contradicts it."""
    refuse_early(job)
    key = _key()
    sealing.seal_all()
    agreement.refuse_contradicted(job)
    facts = _facts(job) | {"key": key.public, "proofs": _proofs(job)}
    text = canonical(facts)
    return Receipt(f'{{"receipt":{text},"signature":"{key.sign(text.encode())}"}}\n', facts)


def refuse_early(job: DeletionJob) -> None:
    if not job.is_finished:
        early = _("Job %(number)s is not finished. Its receipt is written when every file has its outcome.")
        raise Refused(early, number=job.pk)


@dataclass(frozen=True)
class Place:
    """Where the log says so, for a person."""

    event: str
    actor: str
    position: int
    segment: int
    segment_hash: str


def places(facts: dict[str, Any]) -> list[Place]:
    return [_place(proof) for proof in facts["proofs"]]


def _place(proof: dict[str, Any]) -> Place:
    event, header = json.loads(proof["event"]), proof["segment"]
    label = EventKind(event["event"]).label
    digest = headers.hash_of(canonical(header))
    return Place(str(label), event["actor_name"], proof["position"], header["number"], digest)


def _key() -> SigningKey:
    """The log's own key. A machine without it must not make one, or sign with another."""
    head = AuditSegment.objects.head()
    key = keys.signing_key() if head is None else keys.known_key()
    if key is None or (head and key.public not in (headers.key_of(head), headers.successor_of(head))):
        raise Refused(
            _(
                "Receipts are signed with the audit log's key, which this machine does not have. Run “manage.py "
                "jobreceipt” where the worker runs, or copy the key here."
            )
        )
    return key


def outcomes_name(job: DeletionJob) -> str:
    return f"job-{job.pk}-outcomes.jsonl"


def certified_outcome_lines(job: DeletionJob) -> Iterator[str]:
    """As outcome_lines. Raises Refused, before any is read, where receipt() would for what the log says."""
    refuse_early(job)
    agreement.refuse_contradicted(job)
    return outcome_lines(job)


def outcome_lines(job: DeletionJob) -> Iterator[str]:
    """The file of outcomes, many lines to a piece: canonical JSON, one file a line, in the manifest's order."""
    rows = job.manifest.items.order_by("position").values_list(
        "evidence", "file_id", "http_status", "outcome", "path", "exchange__request_id", CanonicalTime("settled_at"),
        "size_bytes", CanonicalTime("file_updated_at"),
    )  # fmt: skip
    for some in slices(rows.iterator(chunk_size=FETCH), AT_ONCE):
        yield "".join(map(_outcome_line, some))


def _outcome_line(row: tuple[Any, ...]) -> str:
    evidence, file_id, status, outcome, path, request, settled_at, size, updated_at = row
    text = encode_basestring
    return (
        f'{{"evidence":{text(evidence)},"file_id":{text(file_id)},"http_status":{"null" if status is None else status},'
        f'"outcome":{text(outcome)},"path":{text(path)},"request_id":{text(request or "")},'
        f'"settled_at":{text(settled_at or "")},"size_bytes":{size},'
        f'"updated_at":{text(updated_at) if updated_at else "null"}}}\n'
    )


def _facts(job: DeletionJob) -> dict[str, Any]:
    manifest, course = job.manifest, sealed_course.course_of(job)
    return {
        "format": FORMAT,
        "issued_at": headers.canonical_time(shared_now()),
        "job": job.pk,
        # As it was when the job was confirmed: an account may be renamed.
        "account": course.confirmed.account_name if course.confirmed else job.account.name,
        "requested_by": job.requested_by_name,
        "reason": job.reason,
        "manifest_sha256": manifest.sha256,
        # Empty where the log does not have it any more.
        "manifest_sha256_at_end": str(course.end.detail.get("manifest", "")) if course.end else "",
        "manifest_account": manifest.source.get("account", ""),
        "frozen_by": manifest.frozen_by_name,
        "files": job.file_count,
        "bytes": manifest.total_bytes,
        "deleted_bytes": job.deleted_bytes,
        "sums": {outcome.value: getattr(job, outcome.value) for outcome in Outcome},
        "outcomes": {"file": outcomes_name(job), "sha256": _outcomes_sha256(job)},
        "times": _times(job),
        "calls": _calls(job),
        # Those that the log knows of.
        "purges": list(job.purges.exclude(request_id="", error="").order_by("pk").values("url", "request_id", "state")),
        "how_to_verify": HOW_TO_VERIFY,
    }


def _times(job: DeletionJob) -> dict[str, str | None]:
    times: dict[str, datetime | None] = {
        "frozen": job.manifest.frozen_at,
        "confirmed": job.created_at,
        "started": job.started_at,
        "finished": job.finished_at,
    }
    return {name: headers.canonical_time(at) if at else None for name, at in times.items()}


def _calls(job: DeletionJob) -> list[dict[str, Any]]:
    exchanges = Exchange.objects.filter(batch__job=job).order_by("pk")
    rows = exchanges.values_list("kind", "file_count", "http_status", "request_id", CanonicalTime("sent_at"))
    names = ("kind", "files", "http_status", "request_id", "sent_at")
    return [dict(zip(names, row, strict=True)) for row in rows.iterator(chunk_size=FETCH)]


def _outcomes_sha256(job: DeletionJob) -> str:
    digest = hashlib.sha256()
    for piece in outcome_lines(job):
        digest.update(piece.encode())
    return digest.hexdigest()


def _proofs(job: DeletionJob) -> list[dict[str, Any]]:
    """The job's own events, each with its place in the chain and the way from it to a signed root."""
    ids = list(AuditEvent.objects.filter(job=job, event__in=PROVEN).order_by("pk").values_list("pk", flat=True))
    if not ids:
        gone = _(
            "The events of job %(number)s were archived. Its receipt can no longer be written; the archive has them."
        )
        raise Refused(gone, number=job.pk)
    return [proof_of(event_id) for event_id in ids]


def proof_of(event_id: int) -> dict[str, Any]:
    """One event, and all that shows that it is in the sealed log. Raises Refused where it is not sealed."""
    segment = AuditSegment.objects.holding_event(event_id)
    if segment is None:
        raise Refused(_("Event %(number)s is not sealed yet."), number=event_id)
    found = list(lines(after=_last_id_before(segment), up_to=segment.last_id))
    leaves = [merkle.leaf_hash(text.encode()) for _, _, text in found]
    index = next(n for n, (pk, _, _) in enumerate(found) if pk == event_id)
    return {
        "event": found[index][2],
        "position": segment.first_position + index,
        "segment": headers.fields_of(segment),
        "signature": segment.signature,
        "path": [step.hex() for step in merkle.proof(leaves, index)],
    }


def _last_id_before(segment: AuditSegment) -> int:
    earlier = AuditSegment.objects.filter(number=segment.number - 1)
    return earlier.values_list("last_id", flat=True).first() or BEFORE_ALL
