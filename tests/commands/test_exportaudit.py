"""exportaudit: the audit log as a file or a stream."""

from __future__ import annotations

import csv
import io
import json

import pytest

from medialib.management.commands import exportaudit
from medialib.models import AuditEvent, EventKind
from medialib.services.audit import export, log
from medialib.services.audit.seal import sealing
from tests.audit_rows import job_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(settings, tmp_path_factory):
    settings.DATA_DIR = tmp_path_factory.mktemp("data")
    settings.AUDIT_ANCHOR_FILE = settings.DATA_DIR / "audit-anchors.jsonl"


@pytest.fixture
def recorded(account):
    """One event of a job and one beside it."""
    job = job_of(account)
    return job, log.record(EventKind.JOB_STARTED, job=job, account=account).pk, log.record(EventKind.SIGNED_IN).pk


def test_json_lines_come_by_default_and_the_summary_goes_elsewhere(run, recorded):
    _, *pks = recorded
    done = run("exportaudit")
    assert [json.loads(line)["sequence"] for line in done.out.splitlines()] == pks
    assert (done.code, done.err) == (0, "Exported 2 events.\n")


def test_one_job_can_be_asked_for_as_csv(run, recorded):
    job, of_job, _ = recorded
    done = run("exportaudit", "--job", str(job.pk), "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.out, newline=""))
    assert (row["sequence"], row["job"], row["event"]) == (str(of_job), str(job.pk), "job.started")


def test_the_export_is_recorded(run, recorded):
    run("exportaudit", "--format", "csv")
    event = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED)
    assert event.detail == {"format": "csv", "job": None, "up_to_sequence": recorded[2]}
    assert event.actor_name.endswith("(command line)")


def test_a_file_holds_what_the_stream_would(run, recorded, tmp_path):
    target = tmp_path / "audit.csv"
    done = run("exportaudit", "--format", "csv", "--output", str(target), "--json")
    assert done.json == {"events": 2, "format": "csv", "output": str(target)}
    assert target.read_bytes().count(b"\r\n") == 3
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]


def test_with_json_the_last_line_is_the_summary(run, recorded):
    done = run("exportaudit", "--json")
    assert done.json == {"events": 2, "format": "jsonl", "output": None}


def test_an_empty_log_is_exported_without_complaint(run):
    assert (run("exportaudit").out, run("exportaudit", "--format", "csv").code) == ("", 0)


def test_a_job_without_rows_is_exported_and_an_unknown_one_is_wrong_use(run, account):
    assert run("exportaudit", "--job", str(job_of(account).pk)).code == 0
    done = run("exportaudit", "--job", "987654")
    assert (done.code, done.err) == (2, "There is no job 987654.\n")


@pytest.mark.parametrize(
    "arguments", [("--job", "x"), ("--format", "xml"), ("--output", "/no/such/folder/x"), ("--output", "/")]
)
def test_wrong_arguments_are_wrong_use_and_record_nothing(run, arguments):
    assert run("exportaudit", *arguments).code == 2
    assert not AuditEvent.objects.exists()


def test_a_disk_that_fills_up_leaves_no_half_export_and_keeps_the_earlier_one(run, recorded, tmp_path, monkeypatch):
    target = tmp_path / "audit.jsonl"
    target.write_text("earlier")

    def fill(events):
        yield "half a"
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exportaudit.STREAMS, "jsonl", fill)
    done = run("exportaudit", "--output", str(target))
    assert (done.code, done.err) == (1, "The disk is full, so this was not done. Make room and try again.\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"audit.jsonl": "earlier"}


def test_a_broken_pipe_is_quiet(run, recorded, monkeypatch):
    def stop(events):
        yield from ()
        raise BrokenPipeError

    monkeypatch.setitem(exportaudit.STREAMS, "jsonl", stop)
    monkeypatch.setattr("medialib.management.base.os.dup2", lambda *ends: None)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    done = run("exportaudit")
    assert (done.code, done.err) == (1, "")


def test_an_export_goes_on_after_the_last_sequence_number(run, recorded):
    first, second = recorded[1:]
    done = run("exportaudit", "--after", str(first))
    assert [json.loads(line)["sequence"] for line in done.out.splitlines()] == [second]
    assert (
        run("exportaudit", "--after", str(first), "--json").json["events"] == 2
    )  # The first export is one more event.


@pytest.mark.parametrize(
    "wrong",
    [("--follow", "--output", "x.jsonl"), ("--with-proof", "--format", "csv"), ("--follow", "--with-proof")],
)
def test_what_does_not_go_together_is_wrong_use(run, wrong):
    assert run("exportaudit", *wrong).code == 2


def test_following_writes_each_event_once_as_it_is_sealed(recorded):
    def wait(_seconds):
        sealing.seal_all()
        waits.append(log.record(EventKind.SIGNED_OUT).pk)

    waits, written = [], []
    for piece in export.follow(recorded[1], actor=log.SYSTEM, wait=wait):
        written += [json.loads(line)["sequence"] for line in piece.splitlines()]
        if len(waits) == 3:
            break
    exported = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED).pk
    assert written == [recorded[2], exported, *waits]
