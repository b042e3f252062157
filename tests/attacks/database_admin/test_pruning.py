"""The database's administrator writes “these events were archived” into the log, lets the real sealer seal it, and
removes them. Both verifiers ask for the word of the log's own key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from medialib.models import AuditEvent, AuditSegment, EventKind
from medialib.services.audit import log
from medialib.services.audit.seal import keys, sealing, statements, verify
from medialib.services.audit.seal.keys import SigningKey
from tests.services.audit.conftest import as_dba, own_data_dir, record, run, sealed
from tests.services.audit.test_verify_export import check, export

__all__ = ["as_dba", "check", "export", "own_data_dir", "run", "sealed"]
pytestmark = pytest.mark.django_db
EVENTS = "medialib_auditevent"


def _range(first: int, last: int) -> dict[str, Any]:
    named = AuditSegment.objects.get(number=last)
    return {"first_segment": first, "last_segment": last, "last_segment_hash": named.hash, "archives": []}


def _with_another_signature() -> dict[str, Any]:
    """A genuine statement about the first segment, aimed at more."""
    return statements.signed(_range(1, 1), keys.signing_key()) | _range(1, 3)


ATTEMPTS: dict[str, Callable[[], dict[str, Any]]] = {
    "a bare range": lambda: {"first_segment": 2, "last_segment": 3},
    "a bare range from the start": lambda: _range(1, 3),
    "an empty signature": lambda: _range(1, 3) | {"format": statements.FORMAT, "signature": "", "key": ""},
    "a key of the attacker's own": lambda: statements.signed(_range(1, 3), SigningKey(Ed25519PrivateKey.generate())),
    "the signature of a smaller range": _with_another_signature,
    "a genuine statement that begins later": lambda: statements.signed(_range(2, 3), keys.signing_key()),
    "a genuine statement of another log": lambda: statements.signed(
        _range(1, 3) | {"last_segment_hash": "0" * 64}, keys.signing_key()
    ),
    "no statement at all": dict,
    "nonsense": lambda: {"first_segment": None, "last_segment": "3", "key": 5, "signature": []},
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_forged_statement_excuses_no_removal(sealed, as_dba, export, check, attempt):
    log.record(EventKind.AUDIT_PRUNED, detail=ATTEMPTS[attempt]())  # As good as a row that was inserted by hand.
    record(99)
    sealing.seal_all()
    as_dba(f"DELETE FROM {EVENTS} WHERE id BETWEEN {sealed[4]} AND {sealed[11]}")
    problem = f"Segment 2: its 4 events were removed (ids {sealed[4]} to {sealed[7]})."
    assert verify.verify().problem == problem
    code, said = check(export(), "--public-key", keys.signing_key().public)
    assert (code, said[:47]) == (1, "Not whole. Segment 2: its events were removed, ")


def test_a_genuine_statement_excuses_nothing_that_came_after_it(sealed, as_dba, run, tmp_path, export, check):
    assert run("pruneaudit", "--before", "2999-01-01", "--archive", str(tmp_path / "a.jsonl"), "--yes").code == 0
    for number in range(20, 28):
        record(number)
    sealing.seal_all()
    statement = AuditEvent.objects.get(event=EventKind.AUDIT_PRUNED)
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {statement.pk} AND id <= {statement.pk} + 4")
    assert verify.verify().problem.startswith("Segment 5: its 4 events were removed")
    assert check(export())[1].startswith("Not whole. Segment 5: its events were removed")


def test_a_forged_statement_adds_nothing_to_the_list_of_archives(sealed, run, tmp_path):
    log.record(EventKind.AUDIT_PRUNED, detail=_range(1, 1) | {"archives": [{"file": "forged.jsonl"}]})
    assert run("pruneaudit", "--before", "2999-01-01", "--archive", str(tmp_path / "a.jsonl"), "--yes").code == 0
    told = AuditEvent.objects.filter(event=EventKind.AUDIT_PRUNED).latest("pk").detail
    assert [archive["file"] for archive in told["archives"]] == ["a.jsonl"]
