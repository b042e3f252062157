"""setwebhooksecret: from standard input, never as an argument; one line for what went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from medialib.models import Account, WebhookSecret

pytestmark = pytest.mark.django_db


def test_it_stores_the_secret_and_says_where_events_go(run: Any, account: Account) -> None:
    done = run("setwebhooksecret", account.name, "--json", stdin="whsec_abc\n")
    path = f"/webhooks/imagekit/{account.name}/"
    assert (done.code, done.json) == (0, {"account": account.name, "is_listening": True, "path": path})
    assert "whsec_abc" not in done.out + done.err


def test_it_forgets_the_secret(run: Any, account: Account) -> None:
    run("setwebhooksecret", account.name, stdin="whsec_abc")
    assert run("setwebhooksecret", account.name, "--remove").code == 0
    assert not WebhookSecret.objects.exists()


@pytest.mark.parametrize("stdin", ["", "two words", None])
def test_no_secret_is_wrong_use(run: Any, account: Account, stdin: str | None) -> None:
    done = run("setwebhooksecret", account.name, stdin=stdin)
    assert (done.code, done.err.count("\n")) == (2, 1)


def test_the_webhook_is_set_up_with_one_command_and_its_secret_stored(run, sandbox, sandbox_account):
    assert run("setwebhooksecret", "acme", "--create", "https://media.example.com").code == 0
    assert WebhookSecret.objects.get().account == sandbox_account
    assert run("setwebhooksecret", "acme", "--create", "nonsense").code == 2
    again = run("setwebhooksecret", "acme", "--create", "https://media.example.com/", "--json")
    assert (again.code, again.json["webhook"], len(sandbox._webhooks.all())) == (0, "there", 1)
