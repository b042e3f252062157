"""Each operation opens for the scope and right that it is for, in the accounts of the person, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from medialib.models import Account, TokenScope
from tests import factories
from tests.api.calls import ALL_SCOPES, Program, kind_of
from tests.api.world import World, operations, schema
from tests.views.test_permission_matrix import GROUPS

pytestmark = pytest.mark.django_db

# What each operation asks of the token, and of its person: one of these rights.
READ, DELETE, CONTROL = ("read", {"view_library"}), ("delete", {"delete_files"}), ("control", {"delete_files"})
SELECT = ("select", {"view_library"})
RULES: dict[str, tuple[str, set[str]]] = {
    "getToken": READ,
    "listAccounts": READ,
    "getAccount": READ,
    "startSync": ("control", {"view_library"}),
    "listFiles": READ,
    "countFiles": READ,
    "getFile": READ,
    "createSelection": SELECT,
    "getSelection": SELECT,
    "tickFiles": SELECT,
    "untickFiles": SELECT,
    "removeSelection": SELECT,
    "freezeSelection": DELETE,
    "getManifest": DELETE,
    "listManifestItems": DELETE,
    "planManifest": DELETE,
    "confirmManifest": DELETE,
    "listJobs": READ,
    "getJob": READ,
    "listJobItems": READ,
    "downloadOutcomes": READ,
    "listApprovals": READ,
    "pauseJob": CONTROL,
    "resumeJob": CONTROL,
    "takeOverJob": CONTROL,
    "cancelJob": CONTROL,
    "undoJob": CONTROL,
    "startJob": CONTROL,
    "verifyJob": CONTROL,
    "setSpeedOfJob": CONTROL,
    "retryJob": DELETE,
    "shrinkJob": DELETE,
    "freezeChangedFiles": DELETE,
    "listProtections": ("read", {"delete_files", "manage_keys"}),
    "addProtection": ("protect", {"delete_files"}),
    "liftProtection": ("protect", {"manage_keys"}),
    "getReceipt": ("audit", {"view_audit"}),
    "listAuditEvents": ("audit", {"view_audit"}),
}
OF_NOTHING = {name for name, (_method, path) in operations().items() if "{" not in path}


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 100_000


@pytest.fixture
def person(db: None) -> User:
    return factories.user("kim", is_member=False)


def granted(person: User, group: str) -> User:
    if group:
        person.groups.add(Group.objects.get(name=group))
    return person


def test_each_operation_has_a_rule() -> None:
    assert set(RULES) == set(operations()), "Say above which scope and right it is for."


def test_the_description_says_what_each_asks_for() -> None:
    described = {
        each["operationId"]: (each["security"][0]["token"][0], set(each["x-rights"]))
        for methods in schema()["paths"].values()
        for each in methods.values()
    }
    assert described == RULES


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_opens_its_operations_in_the_own_account_and_none_in_a_foreign_one(person: User, group: str) -> None:
    program = Program(granted(person, group))
    own, foreign = factories.account("own"), factories.account("foreign")
    factories.membership(person, own)
    wrong = {}
    for name, (_scope, rights) in RULES.items():
        for account in (own, foreign):
            status, kind = answered(World(account, program).ask(program, name))
            is_open = bool(rights & GROUPS[group])
            if not is_open:
                is_right = (status, kind) == (403, "right-missing")
            elif account == foreign and name not in OF_NOTHING:
                is_right = (status, kind) == (404, "not-found")
            else:
                is_right = status in (200, 201, 202, 204) or kind in ("refused", "needs-person")
            if not is_right:
                wrong[name, account.name] = (status, kind)
    assert wrong == {}


@pytest.mark.parametrize("scope", TokenScope.values)
def test_a_scope_opens_its_operations_and_no_other(staff: User, acme: Account, scope: str) -> None:
    program = Program(staff, [scope])
    wrong = {}
    for name, (needed, _rights) in RULES.items():
        status, kind = answered(World(acme, program).ask(program, name))
        if (kind == "scope-missing") != (needed != scope):
            wrong[name] = (status, kind)
    assert wrong == {}


@pytest.mark.parametrize("name", RULES)
def test_nobody_opens_anything_without_a_token(program: Program, acme: Account, name: str) -> None:
    world = World(acme, program)
    program.secret = "medialib_none"
    assert kind_of(world.ask(program, name)) == (401, "no-token")


def test_lists_hold_nothing_of_a_foreign_account(person: User, acme: Account) -> None:
    foreign = factories.account("foreign")
    person.user_permissions.set(factories.user(permissions=factories.EVERY_PERMISSION).user_permissions.all())
    factories.membership(person, acme)
    program = Program(person)
    World(foreign, program)
    for path in ("/accounts", "/jobs", "/approvals", "/audit"):
        assert "foreign" not in str(program.get(path)["items"])


def test_a_superuser_sees_every_account_and_a_narrow_token_stays_narrow(acme: Account) -> None:
    root = factories.user("root", is_superuser=True, is_member=False)
    assert [each["name"] for each in Program(root).get("/accounts")["items"]] == ["acme"]
    narrow = Program(root, ["read"])
    assert narrow.refused("POST", "/accounts/acme/sync") == (403, "scope-missing")


def answered(answer: Any) -> tuple[int, str]:
    return kind_of(answer) if answer.status_code >= 400 else (answer.status_code, "")


def test_all_scopes_are_tried() -> None:
    assert {scope for scope, _rights in RULES.values()} == set(ALL_SCOPES)
