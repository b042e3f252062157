"""What a person can do on a page a program can do by the API, or it is said here why not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.api.test_rights import RULES
from tests.api.world import operations
from tests.views.test_permission_matrix import ADDRESSES, POSTS, World, named

BY_PEOPLE = "A person decides: the page asks for a proof, an approval or a judgement that no program can give."
COPIES = "Restoring is a page and a command, restorefiles; it has no place in the API yet."
SETTINGS = "Accounts, keys and people are arranged on pages, with a fresh proof of who it is."
OWN = "It arranges one person's pages, and touches no file."

# Each address that takes a POST: the operations that do the same, or why there is none.
TWINS: dict[str, tuple[str, ...] | str] = {
    "medialib:selection-change": ("createSelection", "tickFiles", "untickFiles", "removeSelection"),
    "medialib:list-import": ("createSelection", "tickFiles"),
    "medialib:list-report": ("tickFiles",),
    "medialib:freeze": ("freezeSelection",),
    "medialib:freeze-changed": ("freezeChangedFiles",),
    "medialib:confirm": ("confirmManifest",),
    "medialib:job-smaller": ("shrinkJob",),
    "medialib:job-control": (
        *("pauseJob", "resumeJob", "takeOverJob", "cancelJob", "undoJob", "startJob", "verifyJob"),
        *("setSpeedOfJob", "retryJob"),
    ),
    "medialib:protections": ("addProtection",),
    "medialib:protection-lift": ("liftProtection",),
    "medialib:sync-start": ("startSync",),
    "medialib:sync-accept": BY_PEOPLE,
    "medialib:job-approval": BY_PEOPLE,
    "medialib:empty-library": BY_PEOPLE,
    "medialib:account-new": SETTINGS,
    "medialib:account-settings": SETTINGS,
    "medialib:account-test": SETTINGS,
    "medialib:account-webhook": SETTINGS,
    "medialib:key-new": SETTINGS,
    "medialib:key-change": SETTINGS,
    "medialib:person-new": SETTINGS,
    "medialib:person-change": SETTINGS,
    "medialib:person-remove": SETTINGS,
    "medialib:token-new": "A token must not make tokens, or a stolen one would outlive its end.",
    "medialib:token-revoke": "As above: only its person revokes it.",
    "medialib:preferences-change": OWN,
    "medialib:saved-view-change": OWN,
    "medialib:language": OWN,
    "medialib:notices": OWN,
    "medialib:notice-change": OWN,
    "medialib:job-restore": COPIES,
    "medialib:file-restore": COPIES,
    "medialib:restore-confirm": COPIES,
    "medialib:restore-control": COPIES,
    "medialib:copies-keep": COPIES,
    "medialib:copies-destroy": COPIES,
    "medialib:sign-in": "A program has a token instead of a session.",
    "medialib:sign-out": "A program has a token instead of a session.",
    "medialib:webhook": "ImageKit calls it, and signs.",
}


@pytest.mark.django_db
def test_each_address_that_takes_a_post_has_its_twin_or_a_reason(client: Client, signed_in: Any) -> None:
    root = factories.user("root", is_superuser=True, is_member=False)
    signed_in(root)
    world = World(factories.account("acme"), root)
    taking = {"medialib:sign-out", "medialib:sign-in"}  # Not asked: they would end the walk.
    for address in named():
        if address.name.startswith("medialib:") and address.name not in taking:
            signed_in(root)
            if client.post(world.url(address)).status_code != 405:
                taking.add(address.name)
    assert POSTS & {name for name in ADDRESSES if name.startswith("medialib:")} <= taking
    assert taking == set(TWINS), "Name the operations of the API that do the same, or say why there are none."


def test_each_operation_that_changes_anything_is_the_twin_of_a_page() -> None:
    changing = {name for name, (method, _path) in operations().items() if method != "GET"}
    named = {name for twins in TWINS.values() if not isinstance(twins, str) for name in twins}
    assert named == changing
    assert named <= set(RULES)
