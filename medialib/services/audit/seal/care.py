"""Rare work on the chain of seals: change its key, or continue after a restored backup."""

from __future__ import annotations

from medialib.errors import Refused, WrongUse
from medialib.models import AuditSegment, EventKind
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.audit.seal import against, anchors, headers, keys, sealing
from medialib.services.audit.seal.against import Seen

COPY_KEY = "Workers on other machines need the new key too: copy audit-signing.key to them, readable by its owner only."
TRIES = 3


def rotate_key(*, actor: Actor) -> tuple[str, str]:
    """A new key, named in the last seal of the old one. Returns the old and the new public key.

    A crash on the way loses nothing: the next key waits in its file until a seal has named it, and is adopted then.
    """
    if keys.is_from_environment():
        raise Refused(
            "The key comes from AUDIT_SIGNING_KEY. Unset it and put it into audit-signing.key in the data directory "
            "first; then this command can replace it."
        )
    sealing.seal_all()
    old, new = keys.signing_key(), keys.next_key() or keys.make_next_key()
    detail = {"key": new.public, "key_before": old.public}
    for _ in range(TRIES):
        log.record(EventKind.AUDIT_KEY_CHANGED, actor=actor, detail=detail)
        sealing.seal_all()
        head = AuditSegment.objects.head()
        if head and new.public in (headers.successor_of(head), headers.key_of(head)):
            keys.adopt_next_key()
            log.record(EventKind.AUDIT_KEY_CHANGED, actor=actor, detail=detail | {"in_use": True})
            sealing.seal_all()  # So that the new key vouches for the log at once.
            return old.public, new.public
    raise Refused("Another machine seals the log and does not know the next key. Stop its worker and try again.")


def accept_restore(reason: str, *, actor: Actor, seen: Seen | None = None) -> None:
    """Continue after a restored backup, though later seals were noted outside: here, or in the second place as `seen`.

    Raises Refused when nothing is lost.
    """
    if not reason.strip():
        raise WrongUse("Give the reason: it stays in the audit log.")
    head, last = AuditSegment.objects.head(), anchors.newest()
    after: int | None = None
    try:
        against.refuse_loss(seen)
        if last:
            anchors.refuse_contradiction(last, head)
        anchors.refuse_missing(head)
    except anchors.Contradicted as error:
        if isinstance(error, against.Lost):
            last, after = error.anchor, error.anchor.number - 1
        anchors.accept_loss(head, keys.signing_key(), after=after)
        lost = {"what": str(error), "segment": last.number, "hash": last.hash, "events": last.events} if last else {}
        log.record(EventKind.AUDIT_RESTORED, actor=actor, reason=reason.strip(), detail={"lost": lost})
    else:
        raise Refused("The log holds everything that was noted outside it; there is nothing to accept.")
