"""The administrator keeps the sealer waiting, to change at leisure what is not sealed yet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.models import AuditEvent, EventKind
from medialib.services.audit.seal import horizon, sealing, verify
from tests.services.audit.conftest import as_dba, own_data_dir, record, run, sealed
from tests.services.audit.test_horizon import another_transaction
from tests.services.audit.test_verify_export import check, export

__all__ = ["as_dba", "check", "export", "own_data_dir", "run", "sealed"]
LATER = timedelta(minutes=11)


@pytest.mark.django_db
def test_events_that_nobody_seals_are_told(sealed, run):
    AuditEvent.objects.create(time=now() - LATER, event=EventKind.JOB_SPEED)
    done = run("verifyaudit")
    assert (done.code, "1 newer events are not sealed, the oldest of" in done.err) == (1, True)


@pytest.mark.django_db
def test_a_seal_that_came_late_says_so_for_ever(sealed, run, export, check):
    AuditEvent.objects.create(time=now() - LATER, event=EventKind.JOB_SPEED)
    sealing.seal_all()
    done = run("verifyaudit")
    assert (done.code, "1 of the segments were sealed more than ten minutes after" in done.out) == (0, True)
    code, said = check(export())
    assert (code, "1 of the segments were sealed more than ten minutes after" in said) == (0, True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_held_open_is_complained_of_whatever_the_times_say(monkeypatch, caplog):
    """Who holds it can write younger times; the worker's own clock tells."""
    record()
    sealing.seal_all()
    monkeypatch.setattr(sealing, "HORIZON", horizon.Horizon())
    with another_transaction() as held:
        held.cursor().execute("LOCK TABLE medialib_auditevent IN ROW EXCLUSIVE MODE")
        record()
        assert [sealing.seal_due() for _ in range(3)] == [0, 0, 0]
        assert caplog.messages == []
        monkeypatch.setattr(sealing, "HELD_UP_S", 0.0)
        sealing.seal_due()
        assert "has been open for more than ten minutes" in caplog.text
        assert verify.verify().unsealed == 1
    assert sum(sealing.seal_due() for _ in range(3)) == 1
