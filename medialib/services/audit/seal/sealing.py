"""Seals audit events beside the work: each run of them gets a Merkle root, linked to the run before and signed.

A seal never touches the transactions that write events. It reads what is decided (horizon.py), hashes it, and adds one
row. Two workers that seal the same run meet at a unique key, and one of them has done its work for nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError, Refused
from medialib.models import AuditEvent, AuditSegment
from medialib.services.audit.seal import anchors, headers, keys, merkle
from medialib.services.audit.seal.horizon import Horizon
from medialib.services.audit.seal.keys import SigningKey
from medialib.services.audit.seal.lines import BEFORE_ALL, Line, lines
from medialib.services.base.clock import shared_now

logger = logging.getLogger(__name__)

SEGMENT_EVENTS = 4_096
# Of each sweep, so that heartbeats keep their time. At the usual speed of a job it takes a small part of this.
BUDGET_S = 0.4
SEAL_WITHIN_S = 20.0
HORIZON = Horizon()
HELD_UP_S = 600.0
HELD_UP = (
    "a transaction that writes events has been open for more than ten minutes. Until it ends, newer events can be "
    "changed unseen. Look for it in pg_stat_activity, and ask whose it is."
)


@dataclass
class _Complaints:
    """The last complaint: the same line every two seconds would help nobody."""

    last: str = ""

    def note(self, text: str) -> None:
        if text and text != self.last:
            logger.error("audit log not sealed: %s", text)
        self.last = text


_COMPLAINTS = _Complaints()


def seal_due() -> int:
    """Seal what is decided, for a fraction of a second. Trouble is logged once and never stops a worker."""
    try:
        count = seal(up_to=HORIZON.look(), budget_s=BUDGET_S)
    except anchors.Contradicted as error:
        _COMPLAINTS.note(f"{error} See docs/audit.md, “After a backup was restored”.")
        return 0
    except (MedialibError, OSError) as error:
        _COMPLAINTS.note(str(error))
        return 0
    _COMPLAINTS.note(HELD_UP if HORIZON.held_up_s() > HELD_UP_S else "")
    return count


def seal_all(*, within_s: float = SEAL_WITHIN_S) -> int:
    """Seal every event that is there now. Returns how many were sealed. Raises Refused when it takes too long."""
    last_id = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    until, count, horizon = time.monotonic() + within_s, 0, Horizon()
    count += seal(up_to=horizon.look())
    while AuditEvent.objects.filter(pk__lte=last_id, pk__gt=AuditSegment.objects.sealed_up_to()).exists():
        if time.monotonic() > until:
            text = _("Some audit events cannot be sealed yet: a transaction that writes events is still open.")
            raise Refused(text)
        time.sleep(0.05)
        count += seal(up_to=horizon.look())
    return count


def seal(*, up_to: int, budget_s: float | None = None) -> int:
    """Seal events up to this id, segment by segment, and note the newest seal outside the database.

    Raises Refused when another key seals this log, Contradicted when the database lost what was sealed before.
    """
    began, count = time.monotonic(), 0
    head = AuditSegment.objects.head()
    key = _own_key(head)
    anchors.keep_up(key if head and headers.key_of(head) == key.public else None)
    key = _entitled(key, head)
    if head is None and AuditEvent.objects.exists():
        anchors.begin(key)
    following = keys.next_key()
    successor = following.public if following and not keys.is_from_environment() else None
    while segment := _seal_one(key, head, up_to=up_to, successor=successor):
        head, count = segment, count + segment.event_count
        if budget_s is not None and time.monotonic() - began > budget_s:
            break
    if count:
        anchors.keep_up(key)
    return count


def _own_key(head: AuditSegment | None) -> SigningKey:
    """This machine's key; made only where there is no log yet, for another key could not continue it."""
    key = keys.known_key() if head else keys.signing_key()
    if key is None:
        raise Refused(_("This machine does not have the key of the audit log. Copy audit-signing.key to it."))
    return key


def _entitled(key: SigningKey, head: AuditSegment | None) -> SigningKey:
    """The key that may seal next: the head's own, or the successor that the head names."""
    if head is None:
        return key
    public_key = headers.successor_of(head) or headers.key_of(head)
    following = keys.next_key()
    if following and following.public == public_key:
        keys.adopt_next_key()
        return following
    if key.public != public_key:
        text = _("The log is sealed by the key %(wanted)s…, and this machine has %(own)s….")
        raise Refused(text, wanted=public_key[:16], own=key.public[:16])
    return key


def _seal_one(key: SigningKey, head: AuditSegment | None, *, up_to: int, successor: str | None) -> AuditSegment | None:
    """The next segment; None when nothing is left to seal or another worker was first."""
    after = head.last_id if head else BEFORE_ALL
    run = list(islice(lines(after=after, up_to=up_to, limit=SEGMENT_EVENTS), SEGMENT_EVENTS))
    if not run:
        return None
    leaves = [merkle.leaf_hash(text.encode()) for _, _, text in run]
    is_last = run[-1][0] >= up_to
    segment = _segment(key, head, run, leaves, successor=successor if is_last else None)
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        return None
    return segment


def _segment(
    key: SigningKey, head: AuditSegment | None, run: list[Line], leaves: list[bytes], *, successor: str | None
) -> AuditSegment:
    sealed_at = headers.canonical_time(shared_now())
    # A time that somebody wrote by hand is sealed as what it is, and says nothing of when.
    times = [when for _, when, _ in run if headers.is_time(when)] or [sealed_at]
    header = headers.SegmentHeader(
        number=head.number + 1 if head else 1,
        first_position=head.first_position + head.event_count if head else 1,
        count=len(run),
        first_id=run[0][0],
        last_id=run[-1][0],
        first_time=min(times),
        last_time=max(times),
        root=merkle.root(leaves).hex(),
        previous=head.hash if head else headers.NOTHING_BEFORE,
        key=key.public,
        successor=successor,
        sealed_at=sealed_at,
    )
    text = header.canonical()
    return AuditSegment(
        number=header.number,
        first_position=header.first_position,
        event_count=header.count,
        first_id=header.first_id,
        last_id=header.last_id,
        first_time=datetime.fromisoformat(header.first_time),
        last_time=datetime.fromisoformat(header.last_time),
        previous=header.previous,
        hash=headers.hash_of(text),
        header=text,
        signature=key.sign(text.encode()),
        leaves=b"".join(leaves),
    )
