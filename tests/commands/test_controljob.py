"""controljob: what the job page can do, from the command line."""

from __future__ import annotations

import pytest

from medialib.models import Account, AuditEvent, DeletionJob
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from tests import factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(sandbox_account, staff) -> DeletionJob:
    assets = [factories.asset(sandbox_account) for _ in range(3)]
    queryset = type(assets[0]).objects.filter(account=sandbox_account)
    manifest = freezing.freeze_assets(sandbox_account, queryset, source={"kind": "test"}, actor=SYSTEM)
    return controls.open_deletion_job(manifest=manifest, actor=SYSTEM, reason="r", start_after_s=600)


def test_cancel_and_its_audit_event(run, job):
    done = run("controljob", str(job.pk), "cancel", "--user", "sam", "--json")
    assert (done.code, done.json["cancelled"], done.json["state"]) == (0, 3, "finished")
    assert AuditEvent.objects.get(event="job.cancelled").actor_name == "sam"


def test_what_cannot_be_done_now_exits_with_1(run, job):
    for action in ("pause", "resume", "retry", "verify"):
        done = run("controljob", str(job.pk), action)
        assert done.code == 1, action
        assert len(done.err.strip().splitlines()) == 1


def test_wrong_use_exits_with_2(run, job):
    assert run("controljob", "999", "pause").code == 2
    assert run("controljob", str(job.pk), "explode").code == 2
    assert run("controljob", "x", "pause").code == 2
    assert run("controljob", str(job.pk), "speed").code == 2
    assert run("controljob", str(job.pk), "speed", "--percent", "0").code == 2


def test_speed_and_undo(run, job):
    assert run("controljob", str(job.pk), "speed", "--percent", "25").code == 0
    done = run("controljob", str(job.pk), "undo", "--json")
    assert done.json["cancelled"] == 3
    job.refresh_from_db()
    assert job.speed_percent == 25


def test_retry_reports_the_new_job(run, job, sandbox, sandbox_account, settings):
    Account.objects.update(looks_before_delete=False)  # The files are in the index alone.
    settings.IMAGEKIT_START_RATE = 1000
    settings.BREAKER_PERCENT = 100
    controls.start_now(job, actor=SYSTEM)
    sandbox.fault("malformed_400")
    assert run("runworker", "--once").code == 0
    done = run("controljob", str(job.pk), "retry", "--json")
    assert (done.json["of_job"], done.json["requested"]) == (job.pk, 3)
    assert done.json["job"] != job.pk


@pytest.mark.parametrize(("given", "code"), [([], 2), (["--confirm-count", "11"], 2), (["--confirm-count", "12"], 0)])
def test_a_large_job_starts_now_only_with_its_number(run, account, staff, given, code):
    frozen = job_rows.manifest(account, staff, 12, library_count=100)
    job = controls.open_deletion_job(manifest=frozen, actor=Actor.person(staff), reason="Old", start_after_s=300)
    assert run("controljob", str(job.pk), "start", "--user", staff.username, *given).code == code
