"""On PostgreSQL transactions commit in any order; sealing passes none by and waits for none."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from medialib.errors import Refused
from medialib.models import AuditEvent, AuditSegment
from medialib.services.audit.seal import horizon, sealing, verify
from tests.services.audit.conftest import record

pytestmark = [pytest.mark.django_db(transaction=True)]
INSERT = (
    "INSERT INTO medialib_auditevent (time, event, actor_name, address, request_id, account_name, file_id, file_path,"
    " outcome, evidence, reason, detail)"
    " VALUES (now(), 'job.speed', '', '', '', '', '', '', '', '', %s, '{}') RETURNING id"
)


@contextmanager
def another_transaction() -> Iterator[Any]:
    """A second session with an open transaction, as another worker has it. Ends with a rollback unless committed."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        yield other
    finally:
        other.rollback()
        other.close()


def write(other: Any, reason: str = "slow") -> int:
    with other.cursor() as cursor:
        cursor.execute(INSERT, [reason])
        return int(cursor.fetchone()[0])


@pytest.mark.postgres
def test_an_event_that_commits_late_is_not_passed_by():
    with another_transaction() as slow:
        early = write(slow)
        late = record().pk
        assert early < late
        looking = horizon.Horizon()
        assert [looking.look() for _ in range(3)][-1] < early
        slow.commit()
        assert [looking.look() for _ in range(2)][-1] == late
    sealing.seal(up_to=late)
    segment = AuditSegment.objects.get()
    assert (segment.first_id, segment.last_id, segment.event_count) == (early, late, 2)


@pytest.mark.postgres
def test_what_was_there_before_the_slow_transaction_is_sealed_meanwhile():
    before = record().pk
    looking = horizon.Horizon()
    looking.look()
    with another_transaction() as slow:
        write(slow)
        record()
        assert looking.look() >= before


@pytest.mark.postgres
def test_sealing_everything_gives_up_after_a_while():
    with another_transaction() as slow:
        write(slow)
        record()
        with pytest.raises(Refused, match="still open"):
            sealing.seal_all(within_s=0.2)


@pytest.mark.postgres
def test_a_transaction_that_was_taken_back_leaves_a_gap_and_no_wait():
    with another_transaction() as slow:
        write(slow)
    record()
    assert sealing.seal_all() == 1
    assert verify.verify().problem == ""


def test_many_writers_and_a_sealer_at_once_leave_a_whole_log(monkeypatch):
    monkeypatch.setattr(sealing, "SEGMENT_EVENTS", 7)
    is_over = threading.Event()
    writers = [threading.Thread(target=write_some, args=[number]) for number in range(4)]
    sealer = threading.Thread(target=seal_until, args=[is_over])
    for thread in (*writers, sealer):
        thread.start()
    for thread in writers:
        thread.join()
    is_over.set()
    sealer.join()
    sealing.seal_all()
    verdict = verify.verify()
    assert (verdict.problem, verdict.unsealed, verdict.events) == ("", 0, AuditEvent.objects.count())
    assert verdict.segments > 2


def write_some(seed: int) -> None:
    dice = random.Random(seed)
    for number in range(8):
        try:
            with transaction.atomic():
                for _ in range(dice.randrange(1, 4)):
                    record(number)
                if dice.random() < 0.3:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
    connection.close()


def seal_until(is_over: threading.Event) -> None:
    while not is_over.wait(0.01):
        sealing.seal_due()
    connection.close()
