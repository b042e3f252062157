"""What a sandbox keeps between two runs, and what a kill costs."""

from __future__ import annotations

import pytest

from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api


def listed(sandbox: Sandbox) -> list[dict]:
    with Api(sandbox) as api:
        rows = api.list(searchQuery='createdAt > "5y"') + api.list(type="file-version")
    return [{name: value for name, value in row.items() if name not in ("url", "thumbnail")} for row in rows]


def change_everything(sandbox: Sandbox) -> None:
    with Api(sandbox) as api:
        api.delete_many(sorted(sandbox.file_ids())[:30])
        api.patch(f"/v1/files/{min(sandbox.file_ids())}/details", json={"tags": ["x"], "description": "y"})
        api.post("/v1/folder", json={"folderName": "empty", "parentFolderPath": "/"})
        api.delete("/v1/folder", json={"folderPath": "/products"})
        for content in (b"one", b"two"):
            form = {"fileName": "a.txt", "useUniqueFileName": "false"}
            api.post("/api/v1/files/upload", data=form, files={"file": ("a.txt", content)})


def test_the_next_run_has_the_same_library(tmp_path):
    with Sandbox(files=200, data_dir=tmp_path) as sandbox:
        change_everything(sandbox)
        before = listed(sandbox)
    with Sandbox(files=5, data_dir=tmp_path) as again:
        assert listed(again) == before


def test_a_kill_loses_nothing(tmp_path):
    killed = Sandbox(files=200, data_dir=tmp_path).start()
    try:
        change_everything(killed)
        before = listed(killed)
        with Sandbox(data_dir=tmp_path) as again:  # The first one never got to stop.
            assert listed(again) == before
    finally:
        killed.stop()


def test_a_journal_that_a_kill_cut_short_is_read_as_far_as_it_goes(tmp_path):
    with Sandbox(data_dir=tmp_path) as sandbox:
        kept = sandbox.add_file()
    (tmp_path / "journal.jsonl").write_bytes(b'{"gone": ["unknown"]}\n{"gone": ["' + kept[:5].encode())
    with Sandbox(data_dir=tmp_path) as again:
        assert again.file_ids() == {kept}


def test_a_journal_that_was_already_taken_in_changes_nothing(tmp_path):
    with Sandbox(files=100, data_dir=tmp_path) as sandbox:
        change_everything(sandbox)
        journal = (tmp_path / "journal.jsonl").read_bytes()
        before = listed(sandbox)
    (tmp_path / "journal.jsonl").write_bytes(journal)
    with Sandbox(data_dir=tmp_path) as again:
        assert listed(again) == before


def test_the_cdn_remembers_over_a_restart_what_was_purged(tmp_path):
    with Sandbox(data_dir=tmp_path) as sandbox, Api(sandbox) as api:
        ids = [sandbox.add_file(path=f"/{name}.jpg") for name in ("kept", "purged")]
        api.delete_many(ids)
        api.post("/v1/files/purge", json={"url": f"{sandbox.url_endpoint}/purged.jpg"})
    for _ in range(2):
        with Sandbox(data_dir=tmp_path) as again, Api(again) as api:
            assert api.get("/demo/kept.jpg").status_code == 200
            assert api.get("/demo/purged.jpg").status_code == 404


def test_a_taken_port_leaves_the_kept_files_alone(tmp_path, sandbox):
    with pytest.raises(OSError, match="in use"):
        Sandbox(files=10, port=sandbox.port, data_dir=tmp_path)
    assert not (tmp_path / "library.jsonl").exists()
