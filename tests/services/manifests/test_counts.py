"""Files selected, frozen and planned are the same, or the job does not start: each is changed here on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from medialib.errors import ManifestChanged, Refused
from medialib.models import DeletionJob, Item, JobState, Manifest, PauseCode, Selection
from medialib.models.query.filters import AssetFilter
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.deletion import lifecycle
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from medialib.services.selections import ticks
from tests import dba, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def assets(account):
    return [factories.asset(account, f"/old/{number}.jpg") for number in range(4)]


@pytest.fixture
def selection(staff, account, assets) -> Selection:
    """Three of four files are ticked."""
    mine = ticks.selection_of(staff, account)
    ticks.tick(mine, [asset.pk for asset in assets[:3]])
    return mine


def start(manifest: Manifest, person, **options) -> DeletionJob:
    return controls.open_deletion_job(
        manifest=manifest, actor=Actor.person(person), reason="Old", **{"start_after_s": 0} | options
    )


def frozen(selection, person) -> Manifest:
    return freezing.freeze(selection, actor=Actor.person(person), shown=3)


def test_what_is_selected_frozen_and_planned_agrees_and_starts(selection, staff):
    manifest = frozen(selection, staff)
    assert (manifest.source["selected"], manifest.file_count, manifest.items.count()) == (3, 3, 3)
    assert lifecycle.start(start(manifest, staff))


@pytest.mark.parametrize("shown", [0, 2, 4])
def test_another_number_than_was_shown_freezes_nothing(selection, staff, shown):
    with pytest.raises(Refused, match=f"You saw {shown} selected files, and now there are 3"):
        freezing.freeze(selection, actor=Actor.person(staff), shown=shown)
    assert not Manifest.objects.exists()


def test_a_file_ticked_in_another_tab_after_the_list_was_frozen_refuses_the_job(selection, staff, assets):
    manifest = frozen(selection, staff)
    ticks.tick(selection, [assets[3].pk])
    with pytest.raises(Refused, match="1 added, 0 taken out"):
        start(manifest, staff)


def test_a_file_unticked_after_the_list_was_frozen_refuses_the_job(selection, staff, assets):
    """C9: an item deliberately left unticked."""
    manifest = frozen(selection, staff)
    ticks.untick(selection, [assets[0].pk])
    with pytest.raises(Refused, match="0 added, 1 taken out"):
        start(manifest, staff)
    ticks.tick(selection, [assets[0].pk])
    assert start(manifest, staff).state == JobState.SCHEDULED


def test_as_many_files_but_other_ones_are_noticed(selection, staff, assets):
    """C5: sets are compared, not counts."""
    manifest = frozen(selection, staff)
    ticks.untick(selection, [assets[0].pk])
    ticks.tick(selection, [assets[3].pk])
    with pytest.raises(Refused, match="1 added, 1 taken out"):
        start(manifest, staff)


def test_an_exclusion_after_freezing_is_noticed(staff, account, assets):
    mine = ticks.selection_of(staff, account)
    ticks.take_all_matching(mine, AssetFilter.from_query({"folder": "/old"}))
    manifest = freezing.freeze(mine, actor=Actor.person(staff), shown=4)
    ticks.untick(mine, [assets[2].pk])
    with pytest.raises(Refused, match="1 taken out"):
        start(manifest, staff)


def test_a_cleared_selection_refuses_the_list_that_was_frozen_from_it(selection, staff):
    manifest = frozen(selection, staff)
    ticks.clear(selection)
    with pytest.raises(Refused, match="3 taken out"):
        start(manifest, staff)


def test_files_gone_since_and_files_outside_are_named_and_not_taken_for_a_change(account, assets):
    kim = factories.user("kim", permissions=factories.EVERY_PERMISSION, is_member=False)
    factories.membership(kim, account, delete_paths="/old/*")
    mine = ticks.selection_of(kim, account)
    outside = factories.asset(account, "/brand/logo.svg")
    ticks.tick(mine, [outside.pk, *(asset.pk for asset in assets)])
    manifest = freezing.freeze(mine, actor=Actor.person(kim), shown=5)
    assert (manifest.source["selected"], manifest.file_count, manifest.source["outside_scope"]) == (5, 4, 1)
    account.assets.filter(pk=assets[0].pk).update(removed_at=now(), removal="missing")
    Selection.objects.update(touched_at=now() + timedelta(seconds=1))
    assert start(manifest, kim).file_count == 4


@pytest.mark.parametrize("change", ["selected", "frozen", "listed"])
def test_a_count_that_differs_starts_nothing(selection, staff, change):
    manifest = frozen(selection, staff)
    with dba.without_triggers():
        if change == "selected":
            manifest.source["selected"] = 4
        elif change == "frozen":
            manifest.file_count = 2
        else:
            Item.objects.filter(manifest=manifest, position=2).delete()
        manifest.save()
    with pytest.raises(ManifestChanged, match="do not add up"):
        start(manifest, staff)
    assert not DeletionJob.objects.exists()


def test_a_job_that_is_planned_for_another_number_of_files_pauses_before_anything_is_sent(selection, staff):
    job = start(frozen(selection, staff), staff)
    DeletionJob.objects.filter(pk=job.pk).update(file_count=2)
    job.refresh_from_db()
    assert not lifecycle.start(job)
    job.refresh_from_db()
    assert (job.state, job.pause_code, job.batches.count()) == (JobState.PAUSED, PauseCode.MANIFEST_CHANGED, 0)


def test_ids_of_a_list_are_counted_alike(account, assets):
    ids = [asset.file_id for asset in assets]
    manifest = freezing.freeze_file_ids(account, [*ids, ids[0]], actor=SYSTEM, client=None).manifest
    assert (manifest.source["given"], manifest.source["selected"], manifest.file_count) == (5, 4, 4)


def test_the_page_sends_the_number_that_it_shows_and_is_refused_when_it_is_old(signed_in, staff, account, selection):
    client = signed_in(staff)
    address = reverse("medialib:freeze", args=[account.name])
    shown = {"selection": str(selection.pk), "file_count": "3"}
    assert f'name="file_count" value="{3}"' in client.get(f"/{account.name}/library/").content.decode()
    for wrong in ("2", "", "many"):
        answer = client.post(address, shown | {"file_count": wrong}, follow=True)
        assert answer.redirect_chain[0][0] == f"/{account.name}/library/"
        assert not Manifest.objects.exists()
    assert client.post(address, shown).headers["Location"] == f"/manifests/{Manifest.objects.get().pk}/"
