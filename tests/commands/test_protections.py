"""protectfiles, listprotections, liftprotection: the same rules and the same audit events as the engine knows."""

from __future__ import annotations

import pytest

from medialib.models import AuditEvent, EventKind, ProtectionRule, SavedView
from medialib.models.query.filters import AssetFilter
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    account = factories.account("acme")
    factories.asset(account, "/brand/logo.svg", tags=["keep"], size_bytes=5_000_000)
    factories.asset(account, "/old/a.jpg", custom_metadata={"use": "active"}, ai_tags=["logo"])
    factories.user("kim", permissions=factories.EVERY_PERMISSION)
    return account


@pytest.mark.parametrize(
    ("option", "files"),
    [
        (["--folder", "/brand"], 1),
        (["--folder", "/"], 2),
        (["--pattern", "/brand/*.svg"], 1),
        (["--pattern", "*.jpg"], 1),
        (["--pattern", "/*.jpg"], 0),
        (["--tag", "keep"], 1),
        (["--tag", "logo"], 1),
        (["--younger-than", "30d"], 0),
        (["--larger-than", "1MB"], 1),
        (["--metadata", "use=active"], 1),
    ],
)
def test_a_rule_says_how_many_files_it_protects(run, acme, option, files):
    done = run("protectfiles", "acme", *option, "--reason", "legal", "--user", "kim", "--json")
    assert (done.code, done.json["files"], done.json["reason"]) == (0, files, "legal")
    assert AuditEvent.objects.get(event=EventKind.PROTECTION_ADDED).reason == "legal"


def test_a_hold_names_files_or_a_saved_view(run, acme, tmp_path):
    ids = tmp_path / "held.txt"
    ids.write_text("\n".join(acme.assets.values_list("file_id", flat=True)))
    kim = acme.saved_views.model._meta.get_field("owner").related_model.objects.get(username="kim")
    SavedView.objects.create(
        account=acme, owner=kim, name="logos", filter=AssetFilter.from_query({"tag": "keep"}).as_json(), sort="newest"
    )
    by_file = run("protectfiles", "acme", "--ids-file", str(ids), "--reason", "court", "--user", "kim", "--json")
    by_view = run("protectfiles", "acme", "--view", "logos", "--reason", "court", "--user", "kim", "--json")
    assert (by_file.json["files"], by_view.json["files"]) == (2, 1)


def test_rules_are_listed_lifted_and_then_no_longer_count(run, acme):
    number = run("protectfiles", "acme", "--tag", "keep", "--reason", "x", "--user", "kim", "--json").json["rule"]
    listed = run("listprotections", "acme", "--json").json["rules"]
    assert [(each["rule"], each["kind"], each["value"]) for each in listed] == [(number, "tag", "keep")]
    assert run("liftprotection", str(number), "--reason", "over", "--user", "kim").code == 0
    assert run("listprotections", "acme", "--json").json["rules"] == []
    assert ProtectionRule.objects.get().lift_reason == "over"
    assert run("liftprotection", str(number), "--reason", "over", "--user", "kim").code == 1


def test_a_view_that_means_nothing_any_more_holds_nothing(run, acme):
    kim = acme.saved_views.model._meta.get_field("owner").related_model.objects.get(username="kim")
    for stored in ({}, {"made": "up"}):
        SavedView.objects.all().delete()
        SavedView.objects.create(account=acme, owner=kim, name="logos", filter=stored, sort="newest")
        assert run("protectfiles", "acme", "--view", "logos", "--reason", "court", "--user", "kim").code == 2
    assert not ProtectionRule.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--younger-than", "soon"],
        ["--larger-than", "huge"],
        ["--metadata", "use"],
        ["--tag", ""],
        ["--view", "nothing"],
        ["--ids-file", "/nowhere.txt"],
        ["--tag", "keep", "--until", "yesterday"],
        ["--tag", "keep", "--until", "2020-01-01"],
        ["--tag", "keep", "--folder", "/brand"],
        [],
    ],
)
def test_what_cannot_be_a_rule_is_refused_in_one_line(run, acme, wrong):
    done = run("protectfiles", "acme", *wrong, "--reason", "x", "--user", "kim")
    assert (done.code, ProtectionRule.objects.count()) == (2, 0)
    assert len(done.err.strip().splitlines()) == 1


def test_a_rule_without_a_reason_or_by_somebody_without_the_right_is_refused(run, acme):
    factories.user("vera", permissions=("view_library",))
    assert run("protectfiles", "acme", "--tag", "keep", "--reason", " ", "--user", "kim").code == 2
    assert run("protectfiles", "acme", "--tag", "keep", "--reason", "x", "--user", "vera").code == 1
    assert not ProtectionRule.objects.exists()


def test_an_end_is_a_day_that_counts_to_its_end(run, acme):
    run("protectfiles", "acme", "--tag", "keep", "--reason", "x", "--user", "kim", "--until", "2031-03-31")
    assert ProtectionRule.objects.get().until.isoformat() == "2031-03-31T23:59:59+00:00"
