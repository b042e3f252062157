"""What ImageKit tells of folders and versions only: the index follows without a sync, and says who deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.imagekit.errors import FileMissing
from medialib.imagekit.types import FoundFiles, Listing
from medialib.models import Asset, AuditEvent, BatchState, EventKind, PaceKind, Removal
from medialib.services.accounts import pacing
from medialib.services.audit.log import SYSTEM
from medialib.services.deletion import lifecycle
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from medialib.services.sync import run as sync
from medialib.services.sync import subtrees, webhooks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ids(sandbox, sandbox_account) -> list[str]:
    """Three files in and below /old, one beside it, all in the index."""
    paths = ["/old/a.jpg", "/old/b.jpg", "/old/deep/c.jpg", "/older/d.jpg"]
    found = sandbox.add_files([{"path": path} for path in paths])
    sync.run_sync(sandbox_account)
    return found


def paths(account) -> list[str]:
    return sorted(Asset.objects.live(account).values_list("path", flat=True))


def test_a_renamed_folder_is_followed_by_all_below_it(sandbox, sandbox_account, ids):
    sandbox.rename_folder("/old", "new")
    assert subtrees.reread_folder(sandbox_account, "/new") == 3
    assert paths(sandbox_account) == ["/new/a.jpg", "/new/b.jpg", "/new/deep/c.jpg", "/older/d.jpg"]


@pytest.mark.parametrize("told", ["/old", "/brand/old"])
def test_a_moved_folder_is_found_by_its_old_and_by_its_new_path(sandbox, sandbox_account, ids, told):
    sandbox.move_folder("/old", "/brand")
    assert subtrees.reread_folder(sandbox_account, told) == 3
    assert paths(sandbox_account)[:3] == ["/brand/old/a.jpg", "/brand/old/b.jpg", "/brand/old/deep/c.jpg"]


def test_a_deleted_folder_takes_its_files_out_and_the_log_says_not_by_medialib(sandbox, sandbox_account, ids):
    sandbox.remove(*ids[:3])
    assert subtrees.reread_folder(sandbox_account, "/old") == 3
    assert paths(sandbox_account) == ["/older/d.jpg"]
    gone = AuditEvent.objects.filter(event=EventKind.FILE_GONE)
    assert {(event.file_id, event.file_path) for event in gone} == {
        (ids[0], "/old/a.jpg"),
        (ids[1], "/old/b.jpg"),
        (ids[2], "/old/deep/c.jpg"),
    }


def test_a_server_that_caps_its_pages_is_read_to_its_end(sandbox, sandbox_account, ids, monkeypatch):
    sandbox.rename_folder("/old", "new")
    whole = subtrees.ImageKitClient.list_files

    def capped(self, *, limit=1000, **options):
        return whole(self, limit=min(limit, 2), **options)

    monkeypatch.setattr(subtrees.ImageKitClient, "list_files", capped)
    assert subtrees.reread_folder(sandbox_account, "/new") == 3


def test_a_replaced_file_is_read_again(sandbox, sandbox_account, ids):
    sandbox.replace(ids[0], size=777_777)
    assert subtrees.reread_file(sandbox_account, ids[0]) == 1
    assert Asset.objects.get(file_id=ids[0]).size_bytes == 777_777


def test_a_folder_with_a_quote_in_its_name_waits_for_the_next_sync(sandbox_account, ids):
    assert subtrees.reread_folder(sandbox_account, '/a"b') == 0


def test_what_a_call_of_ours_took_is_not_said_to_be_of_others(sandbox_account, ids):
    manifest = freezing.freeze_assets(
        sandbox_account, Asset.objects.filter(file_id=ids[0]), source={"kind": "test"}, actor=SYSTEM
    )
    job = controls.open_deletion_job(manifest=manifest, actor=SYSTEM, reason="r", start_after_s=0)
    lifecycle.start(job)
    asset = Asset.objects.get(file_id=ids[0])
    job.batches.update(state=BatchState.SENT, lease_until=now() + timedelta(seconds=10))
    assert not subtrees.mark_gone(asset)
    job.batches.update(state=BatchState.WAITING)
    assert subtrees.mark_gone(asset)
    asset.refresh_from_db()
    assert (asset.removal, AuditEvent.objects.filter(event=EventKind.FILE_GONE).count()) == (Removal.MISSING, 1)


def test_folder_and_version_events_wake_a_worker(sandbox_account, monkeypatch):
    asked = []
    monkeypatch.setattr(webhooks, "wake", lambda *arguments: asked.append(arguments))
    for kind, data in [
        ("folder.updated", {"folderPath": "/new"}),
        ("folder.deleted", {"folderPath": "/old"}),
        ("file-version.created", {"fileId": "f1"}),
        ("folder.updated", {"folderPath": 7}),
    ]:
        webhooks._apply(sandbox_account, {"type": kind, "data": data}, at=now())
    assert asked == [
        ("reread_folder", sandbox_account.pk, "/new"),
        ("reread_folder", sandbox_account.pk, "/old"),
        ("reread_file", sandbox_account.pk, "f1"),
    ]


def test_a_folder_that_ends_in_a_blank_is_not_the_one_without(sandbox, sandbox_account):
    ids = sandbox.add_files([{"path": path} for path in ("/archive/a.jpg", "/archive /b.jpg", "/other/c.jpg")])
    sync.run_sync(sandbox_account)
    sandbox.remove(ids[1])
    assert subtrees.reread_folder(sandbox_account, "/archive ") == 1
    assert paths(sandbox_account) == ["/archive/a.jpg", "/other/c.jpg"]


def test_a_key_that_knows_nothing_of_the_account_makes_nothing_gone(sandbox_account, ids, monkeypatch):
    """Another account's key answers with an empty list, and 404 for each file."""

    def nothing(self, *arguments, **options):
        raise FileMissing("no such file", http_status=404)

    monkeypatch.setattr(subtrees.ImageKitClient, "file_details", nothing)
    monkeypatch.setattr(subtrees.ImageKitClient, "find_files", lambda self, ids: FoundFiles({}))
    monkeypatch.setattr(subtrees.ImageKitClient, "list_files", lambda self, **options: Listing((), 0))
    assert subtrees.reread_folder(sandbox_account, "/old") == 0
    assert subtrees.reread_file(sandbox_account, ids[0]) == 0
    assert len(paths(sandbox_account)) == 4
    assert not AuditEvent.objects.filter(event=EventKind.FILE_GONE).exists()


def test_reads_after_an_event_are_taken_from_the_accounts_allowance(sandbox, sandbox_account, ids):
    sandbox.rename_folder("/old", "new")
    before = len(sandbox.calls("list"))
    subtrees.reread_folder(sandbox_account, "/new")
    assert len(pacing.pace_of(sandbox_account, PaceKind.READ).recent) >= len(sandbox.calls("list")) - before > 0


def test_an_imagekit_that_does_not_answer_leaves_the_index_as_it_is(sandbox, sandbox_account, ids):
    sandbox.remove(*ids[:3])
    sandbox.fault("500_before", times=50, on="any")
    assert subtrees.reread_folder(sandbox_account, "/old") == 0
    assert len(paths(sandbox_account)) == 4
    sandbox.clear_faults()
    assert subtrees.reread_folder(sandbox_account, "/old") == 3
