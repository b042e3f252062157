"""Several keys of one account: which is used for what, how one takes the place of another, how one ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import ApiKey, AuditEvent, EventKind, KeyKind, KeyPurpose, Outcome
from medialib.services.accounts import accounts, keys
from medialib.services.audit.log import SYSTEM
from tests import factories
from tests.conftest import SANDBOX_KEY
from tests.views.jobs import job_rows

READ_ONLY_KEY = "private_sandbox_read_only"  # The sandbox's own.


def active(account):
    return {str(key) for key in account.api_keys.all().usable()}


@pytest.fixture
def reading(sandbox_account):
    return keys.add_key(sandbox_account, private_key=READ_ONLY_KEY, kind=KeyKind.READ_ONLY, actor=SYSTEM)


@pytest.fixture
def deleting(sandbox_account):
    return sandbox_account.api_keys.get(kind=KeyKind.READ_WRITE)


def test_an_account_with_a_read_only_key_alone_cannot_delete(sandbox_account, reading, deleting):
    keys.retire_key(deleting, actor=SYSTEM)
    keys.client_for(sandbox_account).close()
    with pytest.raises(Refused, match="no key that may delete"):
        keys.client_for(sandbox_account, KeyPurpose.DELETE)


def test_an_expired_key_is_not_used(sandbox_account, deleting):
    keys.change_key(deleting, label="", expires_at=now() - timedelta(seconds=1), actor=SYSTEM)
    with pytest.raises(Refused, match="has no private key"):
        keys.client_for(sandbox_account)


def test_a_test_says_what_each_key_may_do_and_deletes_nothing(sandbox, sandbox_account, reading, deleting):
    files = sandbox.add_files([{"path": "/a.jpg"}])
    checks = {key.kind: keys.check_key(key, actor=SYSTEM) for key in (reading, deleting)}
    assert sandbox.calls("delete") == []
    assert {kind: (check.is_ok, check.may_write) for kind, check in checks.items()} == {
        KeyKind.READ_ONLY: (True, False),
        KeyKind.READ_WRITE: (True, True),
    }
    with keys.client_for(sandbox_account) as client:
        assert {file.file_id for file in client.list_files().files} == set(files)


def test_a_key_that_may_only_read_fails_as_a_read_and_write_key(sandbox_account):
    wrong = keys.add_key(sandbox_account, private_key=READ_ONLY_KEY, kind=KeyKind.READ_WRITE, actor=SYSTEM)
    check = keys.check_key(wrong, actor=SYSTEM)
    assert (check.is_ok, check.may_write) == (False, False)
    assert "may only read" in check.message


def test_a_rotated_key_works_on_until_its_overlap_is_over(sandbox_account, deleting):
    with time_machine.travel(now(), tick=False) as clock:
        new = keys.rotate_key(deleting, private_key=SANDBOX_KEY, keep_old_for=timedelta(hours=1), actor=SYSTEM)
        assert sandbox_account.api_keys.all().for_purpose(KeyPurpose.DELETE).first() == new
        assert set(sandbox_account.api_keys.all().usable()) == {new, deleting}
        clock.shift(timedelta(hours=1, seconds=1))
        assert set(sandbox_account.api_keys.all().usable()) == {new}
        assert keys.erase_retired() == 1
    assert ApiKey.objects.get(pk=deleting.pk).ciphertext == ""


@pytest.mark.parametrize("refused", ["private_unknown_key", READ_ONLY_KEY])
def test_a_new_key_that_may_do_less_is_not_taken(sandbox_account, deleting, refused):
    with pytest.raises(Refused, match="The new key was not taken, and the old one stays") as refusal:
        keys.rotate_key(deleting, private_key=refused, actor=SYSTEM)
    assert refused not in str(refusal.value)
    assert set(sandbox_account.api_keys.all().usable()) == {deleting}


def test_the_only_key_that_deletes_cannot_go_while_a_job_needs_it(sandbox, sandbox_account, staff, reading, deleting):
    job = job_rows.job(job_rows.manifest(sandbox_account, staff, 2))
    with pytest.raises(Refused, match=f"Job {job.pk} still needs this key.*Add another read and write key first"):
        keys.retire_key(deleting, actor=SYSTEM)
    keys.retire_key(reading, actor=SYSTEM)
    factories.asset(sandbox_account, file_id=sandbox.add_file(path="/known.jpg"))
    keys.add_key(sandbox_account, private_key=SANDBOX_KEY, actor=SYSTEM)
    keys.retire_key(deleting, actor=SYSTEM)
    assert not ApiKey.objects.get(pk=deleting.pk).ciphertext


def test_a_job_deletes_with_the_key_that_may_while_reading_uses_the_other(sandbox_account, reading, deleting):
    keys.client_for(sandbox_account).close()
    assert ApiKey.objects.get(pk=deleting.pk).last_used_at is None
    assert ApiKey.objects.get(pk=reading.pk).last_used_at is not None


def test_each_step_of_a_keys_life_is_audited_without_the_key(sandbox_account, deleting):
    keys.rotate_key(deleting, private_key=SANDBOX_KEY, keep_old_for=timedelta(hours=1), actor=SYSTEM)
    kinds = {EventKind.KEY_ADDED, EventKind.KEY_CHECKED, EventKind.KEY_RETIRED}
    told = list(AuditEvent.objects.filter(event__in=kinds).values("event", "detail"))
    assert {event["event"] for event in told} == kinds
    assert SANDBOX_KEY not in str(told)
    assert Outcome.DELETED not in str(told)


def test_a_key_that_knows_no_file_of_the_index_is_not_taken(sandbox_account):
    factories.asset(sandbox_account, file_id="0" * 24)
    before = set(sandbox_account.api_keys.values_list("pk", flat=True))
    with pytest.raises(Refused, match="another ImageKit account"):
        keys.set_key(sandbox_account, private_key="private_sandbox", actor=SYSTEM)
    assert set(sandbox_account.api_keys.active().values_list("pk", flat=True)) == before


def test_a_key_that_knows_one_of_them_is_taken(sandbox, sandbox_account):
    factories.asset(sandbox_account, file_id=sandbox.add_file(path="/a.jpg"))
    factories.asset(sandbox_account, file_id="0" * 24)
    assert keys.set_key(sandbox_account, private_key="private_sandbox", actor=SYSTEM).is_active


def test_another_api_address_takes_the_key_anew_and_forgets_the_stored_ones(sandbox_account):
    sandbox_account.api_url = "http://127.0.0.1:9"
    with pytest.raises(WrongUse, match="Enter the private key anew"):
        accounts.change_account(sandbox_account, actor=SYSTEM)
    accounts.change_account(sandbox_account, actor=SYSTEM, private_key="private_other_key")
    assert [key.last_four for key in sandbox_account.api_keys.active()] == ["_key"]
    assert not sandbox_account.api_keys.retired().exclude(ciphertext="").exists()


def test_a_host_that_is_not_imagekits_gets_no_key(settings, sandbox_account):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    sandbox_account.url_endpoint = "https://ik.imagekit.io/acme"
    sandbox_account.upload_url = "https://upload.imagekit.io"
    sandbox_account.api_url = "https://collector.example.com"
    with pytest.raises(WrongUse, match="IMAGEKIT_API_HOSTS"):
        accounts.change_account(sandbox_account, actor=SYSTEM, private_key="private_other_key")


@pytest.mark.parametrize(
    "pasted",
    [
        '"private_abc="',
        "'private_abc='",
        "“private_abc=”",
        "IMAGEKIT_PRIVATE_KEY=private_abc=",
        'export IMAGEKIT_PRIVATE_KEY="private_abc="',
        '"privateKey": "private_abc=",',
        "private_key: private_abc=",
        " private_abc=\n",
    ],
)
def test_a_key_is_understood_as_people_paste_it(pasted: str) -> None:
    assert keys.clean_key(pasted) == "private_abc="
