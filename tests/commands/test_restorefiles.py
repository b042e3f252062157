"""restorefiles: by a job or a list of ids, in a person's name, with a reason."""

from __future__ import annotations

import pytest

from medialib.models import RestoreJob
from tests import factories
from tests.services.deletion.conftest import actor, copies_kept, folder, job_for, quick
from tests.services.deletion.conftest import run as run_job

__all__ = ["actor", "copies_kept", "folder", "job_for", "quick"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("copies_kept")]


@pytest.fixture
def job(sandbox, job_for):
    return run_job(job_for(sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(3)])))


NAMED = ("--user", "sam", "--reason", "a mistake")


def test_restores_a_job_and_waits(run, sandbox, job):
    done = run("restorefiles", "--job", str(job.pk), *NAMED, "--wait", "--json")
    assert (done.code, done.json["restored"], done.json["state"]) == (0, 3, "finished"), done
    assert sandbox.file_count() == 3


def test_restores_a_list_and_names_what_has_no_copy(run, sandbox, job, tmp_path):
    file_id = job.manifest.items.first().file_id
    (tmp_path / "ids.txt").write_text(f"{file_id}\nnobody\n")
    done = run("restorefiles", "--ids-file", str(tmp_path / "ids.txt"), *NAMED, "--wait", "--json")
    assert (done.code, done.json["restored"], done.json["without_copy"]) == (0, 1, ["nobody"])


def test_without_waiting_it_is_left_to_a_worker(run, sandbox, job):
    done = run("restorefiles", "--job", str(job.pk), *NAMED, "--json")
    assert (done.code, done.json["state"], sandbox.file_count()) == (0, "running", 0)


def test_a_conflict_is_told_by_the_exit_code_and_kept_beside_on_request(run, sandbox, job):
    sandbox.add_file(path="/old/1.jpg", size=7)
    done = run("restorefiles", "--job", str(job.pk), *NAMED, "--wait", "--json")
    assert (done.code, done.json["conflict"], done.json["restored"]) == (1, 1, 2)
    again = run("restorefiles", "--job", str(job.pk), *NAMED, "--keep-both", "--wait", "--json")
    assert (again.code, again.json["restored"], again.json["already_there"]) == (0, 1, 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--job", "999", *NAMED), 2),
        (("--ids-file", "/nowhere", *NAMED), 2),
        (("--user", "sam", "--reason", "x"), 2),
        (("--job", "{job}", "--user", "nobody", "--reason", "x"), 2),
        (("--job", "{job}", "--user", "sam", "--reason", " "), 2),
        (("--job", "{job}", "--user", "vera", "--reason", "x"), 1),
        (("--ids-file", "-", *NAMED), 2),
    ],
)
def test_what_is_no_restore_changes_nothing(run, sandbox, job, arguments, code, tmp_path):
    factories.user("vera", permissions=("view_library",))
    (tmp_path / "ids.txt").write_text("not an id;\n")
    ready = [each.replace("{job}", str(job.pk)) for each in arguments]
    ready = [str(tmp_path / "ids.txt") if each == "-" else each for each in ready]
    assert run("restorefiles", *ready).code == code
    assert (RestoreJob.objects.count(), sandbox.file_count()) == (0, 0)
