"""What a person ticks: by hand, by filter, and who may touch it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import Account, Asset, Selection
from medialib.models.query.filters import AssetFilter
from medialib.services.selections import ticks
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db
EVERYTHING = AssetFilter(folder="/", subfolders=True)


@pytest.fixture
def selection(staff: User, account: Account) -> Selection:
    return ticks.selection_of(staff, account)


def files(account: Account, *paths: str, **fields: Any) -> list[int]:
    return [factories.asset(account, path, **fields).pk for path in paths]


def ticked(selection: Selection) -> set[str]:
    items = selection.items.included()
    return set(items.values_list("asset__path", flat=True))


def test_a_person_has_one_selection_in_each_account(staff: User, account: Account, selection: Selection) -> None:
    assert ticks.selection_of(staff, account) == selection
    assert ticks.selection_of(staff, factories.account()) != selection
    assert ticks.selection_of(factories.user(), account) != selection


def test_asking_for_the_current_selection_only_reads(
    staff: User, account: Account, selection: Selection, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert ticks.selection_of(staff, account).account == account


def test_ticks_are_kept_once(account: Account, selection: Selection) -> None:
    first, second = files(account, "/a.jpg", "/b.jpg")
    assert ticks.tick(selection, [first, second]) == 2
    ticks.tick(selection, {first})
    assert ticked(selection) == {"/a.jpg", "/b.jpg"}


def test_more_ticks_than_one_statement_takes_are_all_kept(account: Account, selection: Selection) -> None:
    asset = factories.asset(account)
    ids = [asset.pk + 10_000 + number for number in range(1200)]
    assert ticks.tick(selection, [*ids, asset.pk]) == 1


def test_files_of_another_account_and_gone_ones_are_not_ticked(account: Account, selection: Selection) -> None:
    foreign = files(factories.account(), "/foreign.jpg")
    gone = files(account, "/gone.jpg", removed_at=now(), removal="deleted")
    ticks.tick(selection, foreign + gone)
    assert selection.items.count() == 0


@pytest.mark.parametrize("wrong", ["7", None, True, 0, 2**63])
def test_what_is_no_row_number_is_refused(selection: Selection, wrong: Any) -> None:
    with pytest.raises(WrongUse):
        ticks.tick(selection, [wrong])


def test_all_matching_takes_what_the_filter_lists(account: Account, selection: Selection) -> None:
    files(account, "/a/1.jpg", "/a/2.jpg", "/b/3.jpg")
    assert ticks.take_all_matching(selection, AssetFilter(folder="/a")) == 2
    assert ticked(selection) == {"/a/1.jpg", "/a/2.jpg"}
    assert selection.filters == [{"folder": "/a"}]


def test_all_matching_is_one_insert(account: Account, selection: Selection, django_assert_max_num_queries: Any) -> None:
    files(account, "/a/1.jpg", "/a/2.jpg")
    with django_assert_max_num_queries(4):  # Two of them begin and end the transaction.
        ticks.take_all_matching(selection, EVERYTHING)


def test_an_empty_filter_takes_nothing(account: Account, selection: Selection) -> None:
    files(account, "/a.jpg")
    with pytest.raises(WrongUse):
        ticks.take_all_matching(selection, AssetFilter())
    assert ticked(selection) == set()


def test_unticking_by_hand_forgets_a_tick_by_hand(account: Account, selection: Selection) -> None:
    ids = files(account, "/a.jpg")
    ticks.tick(selection, ids)
    ticks.untick(selection, ids)
    assert selection.items.count() == 0


def test_unticking_after_all_matching_is_an_exclusion_that_stays(account: Account, selection: Selection) -> None:
    kept, _ = files(account, "/kept.jpg", "/other.jpg")
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.untick(selection, [kept])
    ticks.take_all_matching(selection, AssetFilter(kind=("image",)))
    assert ticked(selection) == {"/other.jpg"}
    assert ticks.summary(selection).excluded_count == 1


def test_an_excluded_file_comes_back_when_it_is_ticked(account: Account, selection: Selection) -> None:
    ids = files(account, "/a.jpg")
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.untick(selection, ids)
    ticks.tick(selection, ids)
    assert ticked(selection) == {"/a.jpg"}


def test_a_file_ticked_by_hand_before_all_matching_can_be_excluded_too(account: Account, selection: Selection) -> None:
    ids = files(account, "/a.jpg")
    ticks.tick(selection, ids)
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.untick(selection, ids)
    assert ticks.summary(selection).excluded_count == 1


def test_the_summary_counts_what_is_still_there(account: Account, selection: Selection) -> None:
    gone, out, *_ = files(account, "/gone.jpg", "/out.jpg", "/a.jpg", "/b.jpg", size_bytes=500)
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.untick(selection, [out])
    Asset.objects.filter(pk=gone).update(removed_at=now(), removal="missing")
    assert ticks.summary(selection) == ticks.SelectionSummary(2, 1000, 1)


def test_an_empty_selection_sums_up_to_nothing(selection: Selection) -> None:
    assert ticks.summary(selection) == ticks.SelectionSummary(0, 0, 0)


def test_clearing_leaves_nothing(account: Account, selection: Selection) -> None:
    files(account, "/a.jpg")
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.clear(selection)
    selection.refresh_from_db()
    assert (selection.items.count(), selection.filters) == (0, [])


def test_a_page_learns_which_of_its_rows_are_ticked(account: Account, selection: Selection) -> None:
    first, second, out = files(account, "/a.jpg", "/b.jpg", "/c.jpg")
    ticks.take_all_matching(selection, EVERYTHING)
    ticks.untick(selection, [out])
    assert ticks.ticked_among(selection, [second, out]) == {second}
    assert first not in ticks.ticked_among(selection, [out])


def test_selected_files_that_the_list_does_not_show_are_counted(account: Account, selection: Selection) -> None:
    ticks.tick(selection, files(account, "/a/1.jpg", "/b/2.jpg", "/b/3.jpg"))
    assert ticks.count_outside(selection, AssetFilter(folder="/a")) == 2


def test_the_owner_finds_the_selection_by_its_id(staff: User, selection: Selection) -> None:
    assert ticks.owned(str(selection.pk), staff) == selection


@pytest.mark.parametrize("wrong", ["", "7", "not-a-uuid", "\x00", "01234567-89ab-4cde-8f01-23456789abcd"])
def test_an_unknown_selection_is_refused(staff: User, wrong: str) -> None:
    with pytest.raises(Refused):
        ticks.owned(wrong, staff)


def test_somebody_elses_selection_is_refused_in_the_same_words(staff: User, account: Account) -> None:
    foreign = ticks.selection_of(factories.user(), account)
    with pytest.raises(Refused) as refusal:
        ticks.owned(foreign.pk, staff)
    with pytest.raises(Refused, match=str(refusal.value)):
        ticks.owned(uuid.uuid4(), staff)


def test_a_selection_expires_thirty_days_after_its_last_change(
    staff: User, account: Account, selection: Selection, time_machine: Any
) -> None:
    ticks.tick(selection, files(account, "/a.jpg"))
    time_machine.move_to(now() + timedelta(days=29))
    assert ticks.owned(selection.pk, staff) == selection
    time_machine.move_to(now() + timedelta(days=2))
    with pytest.raises(Refused):
        ticks.owned(selection.pk, staff)
    assert ticked(ticks.selection_of(staff, account)) == set()


def test_expired_selections_are_removed_for_good(selection: Selection, time_machine: Any) -> None:
    assert ticks.forget_expired() == 0
    time_machine.move_to(now() + timedelta(days=31))
    assert ticks.forget_expired() == 1
    assert not Selection.objects.exists()


def test_sums_of_a_large_selection_are_kept_until_it_is_changed(
    selection: Selection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticks, "CACHE_THRESHOLD", 2)
    assets = [factories.asset(account, f"/a/{number}.jpg", size_bytes=10) for number in range(3)]
    here = AssetFilter(folder="/a")
    ticks.tick(selection, [asset.pk for asset in assets[:2]])
    assert (ticks.summary(selection).total_bytes, ticks.count_outside(selection, here)) == (20, 0)
    Asset.objects.filter(pk=assets[0].pk).update(size_bytes=90, folder="/b", path="/b/0.jpg")
    assert (ticks.summary(selection).total_bytes, ticks.count_outside(selection, here)) == (20, 0)
    ticks.tick(selection, [assets[2].pk])
    assert (ticks.summary(selection).total_bytes, ticks.count_outside(selection, here)) == (110, 1)
