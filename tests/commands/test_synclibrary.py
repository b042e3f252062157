"""synclibrary: counts as JSON, exit codes, one line for what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from medialib.services.sync import indexing

if TYPE_CHECKING:
    from medialib.models import Account
    from medialib.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


def test_it_reports_its_counts_as_json(run: Any, sandbox: Sandbox, sandbox_account: Account) -> None:
    sandbox.add_file(path="/a.jpg")
    done = run("synclibrary", "acme", "--json")
    report = done.json
    assert report.pop("duration_s") >= 0
    counts = {"seen": 1, "added": 1, "came_back": 0, "changed": 0, "removed": 0, "left_out": 0}
    assert (done.code, report) == (0, {"account": "acme", "kind": "full", **counts})


def test_it_tells_a_person_what_changed(run: Any, sandbox_account: Account) -> None:
    assert run("synclibrary", "acme").out == "0 files: 0 added, 0 changed, 0 no longer there.\n"


def test_it_names_files_that_the_index_has_no_room_for(
    run: Any, sandbox: Sandbox, sandbox_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.add_files([{"path": "/a.jpg"}, {"file_id": "f" * 24, "path": f"/{'x' * 3_000}"}])
    monkeypatch.setattr(indexing, "written_if_indexable", lambda write: None)
    done = run("synclibrary", "acme")
    assert done.code == 0
    assert done.out.startswith("2 files: 1 added")
    assert f"1 file left out, with paths longer than this database can index: {'f' * 24}." in done.out


def test_an_incremental_run_is_asked_for_by_name(run: Any, sandbox: Sandbox, sandbox_account: Account) -> None:
    run("synclibrary", "acme")
    assert run("synclibrary", "acme", "--incremental", "--json").json["kind"] == "incremental"


def test_an_unknown_account_is_wrong_use(run: Any) -> None:
    done = run("synclibrary", "nobody")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_a_refused_key_is_one_line_on_standard_error(run: Any, sandbox: Sandbox, sandbox_account: Account) -> None:
    sandbox.revoke_key()
    done = run("synclibrary", "acme")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "private_sandbox" not in done.err
