"""A library is emptied by the pages and rails of every deletion: 1,000 files from the sync to the last outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from medialib.errors import Refused
from medialib.models import Asset, DeletionJob, Item, JobState, Manifest, Membership, Outcome, ProtectionKind, SyncRun
from medialib.services.accounts import keys, protections
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.jobs import controls
from medialib.services.manifests import emptying
from medialib.services.manifests.plan import LONG_UNDO_S, deletion_plan
from medialib.services.sync.run import run_sync
from tests import factories
from tests.services.deletion.conftest import assert_exact, assert_log_matches_sandbox, run
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ("view_library", "delete_files", "delete_whole_library")


def sync(account) -> None:
    with keys.client_for(account) as client:
        run_sync(account, client=client)


def test_a_thousand_files_go_by_the_guided_way_and_what_is_protected_or_changed_stays(
    sandbox, sandbox_account, staff_client
):
    folders = [f"/f{n % 25}" for n in range(1_000)]
    ids = sandbox.add_files([{"path": f"{folder}/{n}.jpg", "size": 1000} for n, folder in enumerate(folders)])
    kept = sandbox.add_files([{"path": f"/kept/{n}.jpg"} for n in range(20)])
    held, changed = kept[:3], ids[5]
    protections.add_rule(sandbox_account, kind=ProtectionKind.FOLDER, value="/kept", reason="brand", actor=SYSTEM)
    address = reverse("medialib:empty-library", args=[sandbox_account.name])
    assert not page(staff_client.get(address)).select("form.card-footer")  # Never synced.

    sync(sandbox_account)
    protections.add_rule(sandbox_account, kind=ProtectionKind.FILES, file_ids=held, reason="case 12", actor=SYSTEM)
    shown = page(staff_client.get(address))
    assert words(shown.select_one("[data-count=files]")) == "1,000"
    assert words(shown.select_one("[data-count=folders]")) == "25"
    assert words(shown.select_one("[data-stays=protected]")).startswith("20 files protected by rules and holds")
    review = staff_client.post(address, {"file_count": shown.select_one("[name=file_count]")["value"]})["Location"]
    manifest = Manifest.objects.get()
    assert set(manifest.items.values_list("file_id", flat=True)) == set(ids)

    form = {"reason": "The customer left", "typed_count": "1000", "account_name": "acme"}
    confirm = reverse("medialib:confirm", args=[manifest.pk])
    for missing in ("typed_count", "account_name"):
        assert staff_client.post(confirm, form | {missing: "ACME"}).status_code == 422
    assert not DeletionJob.objects.exists()
    assert "This empties the library of acme" in words(page(staff_client.get(review)))
    staff_client.post(confirm, form)
    job = DeletionJob.objects.get()
    assert (job.starts_at - job.created_at).total_seconds() == LONG_UNDO_S

    sandbox.replace(changed, size=9)  # In the half hour before it starts.
    controls.start_now(job, actor=Actor.person(factories.user(permissions=RIGHTS)))
    run(job)
    assert sandbox.file_ids() == {changed, *kept}
    assert (job.state, job.deleted, job.skipped) == (JobState.FINISHED, 999, 1)
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


@pytest.fixture
def kim():
    return factories.user("kim", permissions=RIGHTS)


@pytest.fixture
def synced(account):
    """Three files, one of them protected by a rule that says nothing of the others."""
    for path in ("/a/1.jpg", "/b/2.jpg", "/kept/3.jpg"):
        factories.asset(account, path)
    account.protected_folders = "/kept"
    account.save()
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now())
    return account


def frozen(account, person) -> Manifest:
    return emptying.freeze_library(account, actor=Actor.person(person))


def paths(manifest: Manifest) -> set[str]:
    return set(manifest.items.values_list("path", flat=True))


def test_few_files_are_asked_for_as_strictly_as_many(synced, kim):
    manifest = frozen(synced, kim)
    plan = deletion_plan(manifest)
    assert paths(manifest) == {"/a/1.jpg", "/b/2.jpg"}
    assert (plan.is_whole_library, plan.must_type_number, plan.undo_window_s) == (True, True, LONG_UNDO_S)
    assert manifest.source["protected"] == 1


def test_an_accounts_longer_window_stays_and_a_shorter_one_does_not(synced, kim):
    for window, expected in ((7200, 7200), (5, LONG_UNDO_S)):
        synced.undo_window_s = window
        synced.save()
        assert deletion_plan(frozen(synced, kim)).undo_window_s == expected
    with pytest.raises(Refused, match="30 minutes"):
        controls.open_deletion_job(
            manifest=frozen(synced, kim), actor=Actor.person(kim), reason="Old", start_after_s=10
        )
    assert not DeletionJob.objects.exists()


def test_the_right_for_a_whole_library_is_asked_at_freezing_and_at_confirming(synced, kim):
    manifest = frozen(synced, kim)
    kim.user_permissions.remove(*kim.user_permissions.filter(codename="delete_whole_library"))
    less = type(kim).objects.get(pk=kim.pk)
    with pytest.raises(Refused, match="whole library"):
        frozen(synced, less)
    with pytest.raises(Refused, match="whole library"):
        controls.open_deletion_job(manifest=manifest, actor=Actor.person(less), reason="Old")


def test_a_member_of_some_folders_empties_only_those(synced, kim):
    Membership.objects.filter(user=kim).update(delete_paths="/a/*")
    preview = emptying.preview(synced, Actor.person(kim))
    assert (preview.files, preview.protected, preview.outside) == (1, 1, 1)
    manifest = frozen(synced, kim)
    assert paths(manifest) == {"/a/1.jpg"}
    assert manifest.source["outside_scope"] == 1


@pytest.mark.parametrize("state", ["old", "failed", "none"])
def test_without_a_sync_of_the_last_hour_nothing_is_frozen(synced, kim, state):
    changes = {"old": {"started_at": now() - timedelta(minutes=61)}, "failed": {"state": "failed"}, "none": {}}[state]
    if changes:
        SyncRun.objects.update(**changes)
    else:
        SyncRun.objects.all().delete()
    assert not emptying.preview(synced, Actor.person(kim)).is_ready
    with pytest.raises(Refused, match="synced"):
        frozen(synced, kim)


def test_other_files_than_shown_are_not_frozen(synced, kim):
    with pytest.raises(Refused, match="You saw"):
        emptying.freeze_library(synced, actor=Actor.person(kim), shown=3)
    assert not Manifest.objects.exists()


def test_what_rules_do_not_know_goes_and_what_they_protect_stays_to_the_last_file(account, kim):
    """A rule on a value that a file does not have protects it not, and does not hide it either."""
    factories.asset(account, "/a/plain.jpg")
    factories.asset(account, "/a/tagged.jpg", tags=["keep"], custom_metadata={"use": "active"})
    factories.asset(account, "/a/other.jpg", tags=["other"], custom_metadata={"use": "none"})
    for kind, value in ((ProtectionKind.TAG, "keep"), (ProtectionKind.METADATA, "use=active")):
        protections.add_rule(account, kind=kind, value=value, reason="needed", actor=SYSTEM)
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now())
    preview = emptying.preview(account, Actor.person(kim))
    assert (preview.files, preview.protected) == (2, 1)
    assert paths(frozen(account, kim)) == {"/a/plain.jpg", "/a/other.jpg"}


def test_a_lost_right_stops_a_job_that_empties_a_library_as_any_other(sandbox, sandbox_account, kim):
    sandbox.add_files([{"path": f"/a/{n}.jpg"} for n in range(3)])
    sync(sandbox_account)
    job = controls.open_deletion_job(manifest=frozen(sandbox_account, kim), actor=Actor.person(kim), reason="Old")
    DeletionJob.objects.filter(pk=job.pk).update(starts_at=now())
    kim.user_permissions.clear()
    run(job)
    assert (job.state, sandbox.file_count()) == (JobState.PAUSED, 3)
    assert not Item.objects.filter(outcome=Outcome.DELETED).exists()
    assert Asset.objects.live(sandbox_account).count() == 3
