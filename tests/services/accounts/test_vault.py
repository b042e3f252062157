"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from medialib.errors import Refused
from medialib.services.accounts import vault

SECRET = "private_vault_abcdefgh1234"


@pytest.fixture
def keys(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    return old, new


def test_what_was_encrypted_can_be_read_and_does_not_show(keys):
    ciphertext = vault.encrypt(SECRET)
    assert vault.decrypt(ciphertext) == SECRET
    assert SECRET not in ciphertext


def test_an_older_key_still_reads_and_the_newest_one_writes(keys, settings):
    old, new = keys
    written_before = vault.encrypt(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert vault.decrypt(written_before) == SECRET
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert vault.decrypt(vault.encrypt(SECRET)) == SECRET


def test_reencrypted_secrets_no_longer_need_the_old_key(keys, settings):
    old, new = keys
    ciphertext = vault.encrypt(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    fresh = vault.reencrypt(ciphertext)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert vault.decrypt(fresh) == SECRET


@pytest.mark.parametrize("read", [vault.decrypt, vault.reencrypt])
def test_without_a_fitting_key_nothing_is_handed_out(keys, settings, read):
    ciphertext = vault.encrypt(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [keys[1]]
    with pytest.raises(Refused, match="cannot be decrypted") as refusal:
        read(ciphertext)
    assert ciphertext not in str(refusal.value)


@pytest.mark.parametrize("ciphertext", ["", "plain text", SECRET])
def test_what_is_no_ciphertext_is_never_taken_for_plain_text(keys, ciphertext):
    with pytest.raises(Refused):
        vault.decrypt(ciphertext)


@pytest.mark.parametrize("broken", [[], ["short"], ["ä" * 44], None])
def test_malformed_encryption_keys_are_refused_in_one_sentence(settings, broken):
    settings.FIELD_ENCRYPTION_KEYS = broken
    with pytest.raises(Refused, match="FIELD_ENCRYPTION_KEYS is empty or malformed"):
        vault.encrypt(SECRET)
