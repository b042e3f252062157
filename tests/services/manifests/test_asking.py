"""ImageKit is asked about a sample of a frozen list before anybody confirms it: one search, within the allowance."""

from __future__ import annotations

import pytest

from medialib.models import PaceKind
from medialib.services.accounts import pacing
from medialib.services.audit.log import Actor
from medialib.services.manifests import asking, freezing, review
from medialib.services.manifests.plan import deletion_plan
from medialib.services.selections import ticks
from medialib.services.sync import run as sync
from tests.views.jobs.test_review import text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ids(sandbox, sandbox_account) -> list[str]:
    found = sandbox.add_files([{"path": f"/old/{number:03}.jpg"} for number in range(130)])
    sync.run_sync(sandbox_account)
    return found


@pytest.fixture
def manifest(sandbox_account, staff, ids):
    selection = ticks.selection_of(staff, sandbox_account)
    ticks.tick(selection, sandbox_account.assets.values_list("pk", flat=True))
    return freezing.freeze(selection, actor=Actor.person(staff), shown=130)


def test_all_is_well_where_imagekit_knows_the_sample_as_it_was_frozen(sandbox, sandbox_account, manifest):
    before = len(sandbox.calls("list"))
    assert asking.ask(manifest) == asking.Asked(asked=100)
    assert len(sandbox.calls("list")) - before == 1
    assert pacing.pace_of(sandbox_account, PaceKind.READ).recent
    assert asking.ask(manifest).asked == 100
    assert len(sandbox.calls("list")) - before == 1  # What was answered is good for a minute.


def test_files_that_the_key_does_not_know_and_changed_ones_are_counted(sandbox, manifest):
    sample = [item.file_id for item in asking._sample(manifest)]
    sandbox.remove(*sample[:3])
    sandbox.replace(sample[5], size=777_777)
    sandbox.rename_folder("/old", "older")
    told = asking.ask(manifest)
    assert (told.asked, told.foreign, told.changed, told.knows_none) == (100, 3, 97, False)


def test_a_key_of_another_account_knows_none_and_the_page_says_so(sandbox, manifest, staff_client, ids):
    sandbox.remove(*ids)
    page = text(staff_client.get(f"/manifests/{manifest.pk}/asked/", headers={"HX-Request": "true"}))
    assert "asked about 100 files of this list: it does not find 100" in page
    assert "may open another ImageKit account" in page


def test_an_imagekit_that_does_not_answer_is_told_and_holds_nobody_up(sandbox, manifest, staff_client):
    sandbox.fault("500_before", times=5, on="any")
    before = len(sandbox.calls("list"))
    assert "could not be asked" in text(staff_client.get(f"/manifests/{manifest.pk}/asked/"))
    assert len(sandbox.calls("list")) - before == 1


def test_without_an_allowance_nothing_is_asked(monkeypatch, manifest):
    monkeypatch.setattr(asking, "read_turn", lambda account: lambda: 3.0)
    assert asking.ask(manifest).problem == asking.BUSY


def test_the_review_asks_by_itself_and_shows_the_counts_that_need_no_reads(sandbox_account, staff_client, manifest):
    page = text(staff_client.get(f"/manifests/{manifest.pk}/"))
    assert "Ask ImageKit about a sample" in page
    assert "130 files: 130 frozen, 0 outside your folders; 0 of the frozen ones are protected" in page
    sandbox_account.assets.filter(pk__in=sandbox_account.assets.values("pk")[:2]).delete()
    assert review.manifest_overview(deletion_plan(manifest)).flags.foreign == 2
    assert "2 files not known to ImageKit with this account's key" in text(
        staff_client.get(f"/manifests/{manifest.pk}/")
    )
