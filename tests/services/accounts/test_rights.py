"""Who sees and deletes where, asked of the services themselves."""

from __future__ import annotations

import pytest

from medialib.errors import Refused, WrongUse
from medialib.management.people import person_who_may
from medialib.models import Account, AuditEvent, DeletionJob, EventKind, Item, Manifest, Membership
from medialib.services.accounts import memberships
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.jobs import controls
from medialib.services.manifests import freezing
from medialib.services.selections import ticks
from tests import factories
from tests.views.jobs import job_rows

EVERY = factories.EVERY_PERMISSION


@pytest.fixture
def acme(db):
    return factories.account("acme")


@pytest.fixture
def beta(db):
    return factories.account("beta")


@pytest.fixture
def kim(acme):
    """Sees acme, and deletes only in its campaigns."""
    person = factories.user("kim", permissions=EVERY, is_member=False)
    factories.membership(person, acme, delete_paths="/campaigns/*")
    return person


def ticked(person, account, *paths):
    selection = ticks.selection_of(person, account)
    ticks.tick(selection, [factories.asset(account, path).pk for path in paths])
    return selection


def paths(manifest):
    return set(Item.objects.filter(manifest=manifest).values_list("path", flat=True))


def test_a_member_sees_the_own_accounts_and_a_superuser_all(acme, beta, kim):
    root = factories.user(is_superuser=True, is_member=False)
    everybody = factories.user()
    seen = {each: set(Account.objects.visible_to(each)) for each in (kim, root, everybody)}
    assert seen == {kim: {acme}, root: {acme, beta}, everybody: {acme, beta}}


def test_a_person_who_left_sees_nothing(acme, kim):
    kim.is_active = False
    assert not Account.objects.visible_to(kim).exists()
    assert acme.delete_scope(kim).is_nothing


def test_jobs_manifests_and_events_of_other_accounts_are_not_there(beta, kim, acme):
    owner = factories.user()
    frozen = job_rows.manifest(beta, owner, 1)
    job_rows.job(frozen)
    mine, own = job_rows.event(account=acme), job_rows.event(EventKind.SIGNED_IN)
    job_rows.event(account=beta)
    assert not DeletionJob.objects.visible_to(kim).exists()
    assert not Manifest.objects.visible_to(kim).exists()
    assert set(AuditEvent.objects.visible_to(kim)) >= {mine, own}
    assert not AuditEvent.objects.visible_to(kim).filter(account=beta).exists()


def test_files_outside_the_own_folders_are_left_out_and_counted(acme, kim):
    selection = ticked(kim, acme, "/campaigns/a.jpg", "/campaigns/deep/b.jpg", "/brand/c.jpg", "/Campaigns/d.jpg")
    manifest = freezing.freeze(selection, actor=Actor.person(kim))
    assert paths(manifest) == {"/campaigns/a.jpg", "/campaigns/deep/b.jpg"}
    assert manifest.source["outside_scope"] == 2


def test_a_folder_whose_name_only_begins_alike_is_outside(acme, kim):
    selection = ticked(kim, acme, "/campaigns-old/a.jpg", "/campaigns.jpg")
    with pytest.raises(Refused, match=r"You may delete only in /campaigns/\*; none of these files is there"):
        freezing.freeze(selection, actor=Actor.person(kim))


def test_ids_of_the_command_line_stay_within_the_same_folders(acme, kim):
    inside, outside = factories.asset(acme, "/campaigns/a.jpg"), factories.asset(acme, "/brand/b.jpg")
    ids = [inside.file_id, outside.file_id]
    frozen = freezing.freeze_file_ids(acme, ids, actor=Actor.person(kim), client=None)
    assert (paths(frozen.manifest), frozen.outside) == ({"/campaigns/a.jpg"}, 1)


def test_a_list_that_was_frozen_before_the_folders_changed_is_not_deleted(acme, kim):
    manifest = freezing.freeze(ticked(kim, acme, "/campaigns/a.jpg"), actor=Actor.person(kim))
    Membership.objects.filter(user=kim).update(delete_paths="/other/*")
    with pytest.raises(Refused, match="1 of these files lie outside the folders"):
        controls.open_deletion_job(manifest=manifest, actor=Actor.person(kim), reason="late")
    assert not DeletionJob.objects.exists()


def test_who_only_sees_an_account_can_neither_freeze_nor_control(acme):
    lee = factories.user(permissions=EVERY, is_member=False)
    factories.membership(lee, acme, may_delete=False)
    with pytest.raises(Refused, match="may not delete in the account"):
        freezing.freeze(ticked(lee, acme, "/a.jpg"), actor=Actor.person(lee))
    job = job_rows.job(job_rows.manifest(acme, lee, 1))
    for action in (
        controls.pause,
        controls.resume,
        controls.cancel,
        controls.undo,
        controls.start_now,
        controls.retry_failed,
        controls.verify,
    ):
        with pytest.raises(Refused, match="may not delete in the account"):
            action(job, actor=Actor.person(lee))


def test_a_selection_is_lost_with_the_membership(acme, kim):
    selection = ticked(kim, acme, "/campaigns/a.jpg")
    assert ticks.owned(selection.pk, kim) == selection
    Membership.objects.filter(user=kim).delete()
    with pytest.raises(Refused, match="does not exist any more"):
        ticks.owned(selection.pk, kim)


def test_the_command_line_acts_only_for_members(acme, beta, kim):
    assert person_who_may("delete_files", "kim", account=acme) == kim
    with pytest.raises(Refused, match="no membership of the account “beta”"):
        person_who_may("delete_files", "kim", account=beta)


def test_memberships_add_up(acme, kim):
    factories.membership(kim, None, delete_paths="/old/")
    assert acme.delete_scope(kim).prefixes == {"/campaigns/", "/old/"}
    Membership.objects.filter(user=kim, account=None).update(delete_paths=" ")
    assert acme.delete_scope(kim).is_everything


@pytest.mark.parametrize("folder", ["campaigns", "/a*/b", "/a/../b", "//a", "/a\x00", "/./a", "*"])
def test_what_is_no_folder_is_refused(acme, kim, folder):
    membership = Membership(user=factories.user(is_member=False), account=acme, delete_paths=folder)
    with pytest.raises(WrongUse, match="is not a folder"):
        memberships.save(membership, actor=SYSTEM)


def test_nobody_hands_out_what_lies_beyond_the_own_reach(acme, beta, kim):
    for account in (beta, None):
        membership = Membership(user=factories.user(is_member=False), account=account)
        with pytest.raises(Refused, match="only grant memberships of accounts that you are a member of"):
            memberships.save(membership, actor=Actor.person(kim))


def test_granting_changing_and_revoking_are_audited(acme, kim):
    membership = Membership(user=factories.user("lee", is_member=False), account=acme)
    memberships.save(membership, actor=Actor.person(kim))
    membership.delete_paths = "/campaigns"
    memberships.save(membership, actor=Actor.person(kim))
    memberships.revoke(membership, actor=Actor.person(kim))
    told = AuditEvent.objects.filter(event=EventKind.PERSON_CHANGED, account=acme).order_by("pk")
    assert [event.detail["membership"] for event in told] == ["granted", "changed", "revoked"]
    assert {event.detail["person"] for event in told} == {"lee"}


def test_who_adds_an_account_becomes_a_member(kim):
    gamma = factories.account("gamma")
    memberships.join(gamma, actor=Actor.person(kim))
    assert Account.objects.visible_to(kim).filter(pk=gamma.pk).exists()
