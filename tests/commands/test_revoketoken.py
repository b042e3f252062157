"""revoketoken: for a token that leaked while its person is away."""

from __future__ import annotations

import pytest

from medialib.models import AuditEvent, EventKind
from tests import factories
from tests.api.calls import Program

pytestmark = pytest.mark.django_db


def test_a_token_is_revoked_by_its_number_at_once_and_once(run):
    program = Program(factories.user("kim", permissions=("view_library",)))
    number = str(program.token.pk)
    done = run("revoketoken", number, "--json")
    assert (done.code, done.json) == (0, {"token": program.token.pk, "person": "kim", "name": "cleaner"})
    assert program.refused("GET", "/token") == (401, "no-token")
    assert AuditEvent.objects.get(event=EventKind.TOKEN_REVOKED).actor_name == "system"
    assert run("revoketoken", number).code == 1


def test_an_unknown_number_is_wrong_use(run):
    assert run("revoketoken", "7").code == 2
