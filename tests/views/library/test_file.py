"""The panel of one file: everything known of it, its history, and honest words where there is no picture."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.timezone import now

from medialib.imagekit.types import FileVersion
from medialib.models import Account, Asset, AuditEvent, EventKind
from medialib.sandbox.server import Sandbox
from tests import factories
from tests.views.pages import page, words


def panel(client: Client, asset: Asset) -> object:
    return client.get(f"/{asset.account.name}/files/{asset.file_id}/", headers={"HX-Request": "true"})


def settle(asset: Asset, outcome: str = "already_gone") -> AuditEvent:
    return AuditEvent.objects.create(
        event=EventKind.FILE_SETTLED,
        time=now(),
        account=asset.account,
        account_name=asset.account.name,
        file_id=asset.file_id,
        file_path=asset.path,
        outcome=outcome,
        evidence="ImageKit answered 404.",
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "other", "format": "zip"}, "There is no preview for this type of file."),
        ({"kind": "document", "format": "docx"}, "There is no preview for this type of file."),
        ({"is_private": True}, "Private: its address must be signed"),
        ({"kind": "video", "format": "mp4", "is_private": True}, "Private: its address must be signed"),
        ({"kind": "document", "format": "pdf", "is_private": True}, "Private: its address must be signed"),
        ({"kind": "video", "url": "javascript:alert(1)"}, "There is no preview for this type of file."),
    ],
)
def test_file_without_a_picture_says_why(
    staff_client: Client, account: Account, fields: dict[str, object], said: str
) -> None:
    preview = page(panel(staff_client, factories.asset(account, **fields))).select_one(".preview")
    assert said in words(preview)
    assert not preview.select("img, video, audio")


def test_preview_shows_the_whole_picture_at_two_sizes(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, url="https://ik.imagekit.io/acme/a.jpg?updatedAt=1")
    image = page(panel(staff_client, asset)).select_one(".preview img")
    address = "https://ik.imagekit.io/acme/a.jpg?updatedAt=1&tr=w-{0},h-{0},c-at_max"
    assert image["src"] == address.format(640)
    assert image["srcset"] == f"{address.format(640)} 640w, {address.format(1280)} 1280w"


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_what_plays_waits_until_somebody_plays_it(staff_client: Client, account: Account, kind: str) -> None:
    asset = factories.asset(account, "/a/clip.mp4", kind=kind)
    player = page(panel(staff_client, asset)).select_one(f".preview {kind}")
    assert (player["src"], player["preload"]) == (asset.url, "none")
    assert player.has_attr("controls")
    assert not player.has_attr("autoplay")
    if kind == "video":
        assert player["poster"] == f"{asset.url}/ik-thumbnail.jpg?tr=w-640,h-640,c-at_max"


def test_pdf_shows_its_first_page_as_imagekit_draws_it(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, "/a/list.pdf", kind="document")
    preview = page(panel(staff_client, asset)).select_one(".preview")
    assert preview.img["src"] == f"{asset.url}/ik-thumbnail.jpg?tr=w-640,h-640,c-at_max"
    assert preview.img["alt"] == "First page of list.pdf"
    assert "could not draw its first page" in words(preview.select_one(".preview-broken"))


def test_picture_that_does_not_load_has_its_words_ready(staff_client: Client, account: Account) -> None:
    preview = page(panel(staff_client, factories.asset(account))).select_one(".preview.thumb")
    assert "tr=w-640" in preview.img["src"]
    assert "could not be loaded" in words(preview.select_one(".preview-broken"))


def test_metadata_tags_and_version_stand_there(staff_client: Client, account: Account) -> None:
    known = {"custom_metadata": {"campaign": "SS24"}, "tags": ["sale & more"], "version_name": "Version 3"}
    asset = factories.asset(account, **known)
    shown = page(panel(staff_client, asset))
    assert {"campaign", "SS24", "Version 3"} <= set(shown.stripped_strings)
    assert shown.select_one("dd a.badge")["href"] == f"/{account.name}/library/?tag=sale%20%26%20more"


def test_address_and_path_can_be_copied(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, "/a/hero.jpg")
    copied = {button["data-copy"] for button in page(panel(staff_client, asset)).select("[data-copy]")}
    assert copied == {asset.url, "/a/hero.jpg"}


def test_history_from_the_audit_log_stands_in_the_panel_newest_first(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account)
    settle(asset, "failed")
    settle(asset, "already_gone")
    settle(factories.asset(account), "deleted")
    events = page(panel(staff_client, asset)).select(".timeline-item strong")
    assert [words(event) for event in events] == ["Already gone", "Failed"]


def test_long_history_is_cut_and_leads_to_the_whole(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account)
    for _ in range(8):
        settle(asset)
    shown = page(panel(staff_client, asset))
    assert len(shown.select(".timeline-item")) == 6
    assert shown.find("a", string="The whole history")["href"] == f"/{account.name}/files/{asset.file_id}/history/"


def test_history_is_only_for_those_who_may_read_the_log(client: Client, account: Account) -> None:
    asset = factories.asset(account)
    settle(asset)
    client.force_login(factories.user(permissions=("view_library",)))
    shown = page(panel(client, asset))
    assert not shown.select(".timeline-item")
    assert not shown.find("a", href=f"/{account.name}/files/{asset.file_id}/history/")


def versions(client: Client, asset: Asset) -> object:
    return client.get(f"/{asset.account.name}/files/{asset.file_id}/versions/", headers={"HX-Request": "true"})


def test_panel_leads_to_all_versions_as_imagekit_lists_them(
    staff_client: Client, sandbox: Sandbox, sandbox_account: Account
) -> None:
    asset = factories.asset(sandbox_account, file_id=sandbox.add_file(path="/a.jpg", size=5000))
    asked = page(panel(staff_client, asset)).select_one('[aria-labelledby="file-versions"] a')
    assert asked["href"] == f"/{asset.account.name}/files/{asset.file_id}/versions/"
    assert [words(each) for each in page(versions(staff_client, asset)).select("th .badge")] == ["current"]
    assert "5.0 kB (5,000 bytes)" in words(page(versions(staff_client, asset)).table)
    whole = staff_client.get(asked["href"])
    assert page(whole).h1
    assert page(whole).select("th .badge")


def test_versions_stand_side_by_side_with_their_own_pictures(
    staff_client: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = factories.asset(account)
    found = [
        FileVersion("Version 2", 7000, 40, 30, f"{asset.url}?updatedAt=2", factories.LONG_AGO, is_current=True),
        FileVersion("Version 1", 5000, 40, 30, f"{asset.url}?ik-obj-version=x", factories.LONG_AGO, is_current=False),
    ]
    monkeypatch.setattr("medialib.views.library.file.versions_of", lambda _: found)
    shown = page(versions(staff_client, asset))
    assert [image["src"] for image in shown.select("img")] == [
        f"{asset.url}?updatedAt=2&tr=w-480,h-480,c-at_max",
        f"{asset.url}?ik-obj-version=x&tr=w-480,h-480,c-at_max",
    ]
    assert [words(row.th) for row in shown.select("tr.is-different")] == ["Size differs"]
    assert "1 of 3 facts differ." in words(shown)


def test_versions_that_cannot_be_asked_for_say_why_in_one_sentence(
    staff_client: Client, sandbox: Sandbox, sandbox_account: Account
) -> None:
    asset = factories.asset(sandbox_account, file_id=sandbox.add_file(path="/a.jpg"))
    sandbox.remove(asset.file_id)
    assert words(page(versions(staff_client, asset))) == "ImageKit has no such file any more."
    sandbox.revoke_key()
    assert "ImageKit refused the private key" in words(page(versions(staff_client, asset)))


def test_a_file_that_is_gone_has_no_versions_to_ask_for(staff_client: Client, account: Account) -> None:
    gone = factories.asset(account, removed_at=now(), removal="deleted")
    assert not page(panel(staff_client, gone)).select('[aria-labelledby="file-versions"]')
