"""What somebody reads who has a dump of the database, and not the machine."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth.models import User
from django.core import serializers

from medialib.errors import Refused
from medialib.services.accounts import keys
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    return factories.user("kim", permissions=factories.EVERY_PERMISSION)


def test_a_dump_of_the_database_without_the_encryption_key_is_worthless(account, kim, settings):
    secret = "private_dump_abcdefgh1234"
    factories.api_key(account, private_key=secret)
    rows = [row for model in apps.get_models() for row in model._base_manager.all()]
    dump = serializers.serialize("json", rows)
    assert secret not in dump
    assert account.name in dump
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Refused, match="cannot be decrypted"):
        keys.client_for(account)
