"""System checks that refuse an unsafe deployment."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection

from medialib.models.audit import append_only
from tests import factories

pytestmark = pytest.mark.django_db  # From Django 6 on checks ask every database.


def problems(**kwargs):
    found = run_checks(include_deployment_checks=True, tags=["security", "database"], **kwargs)
    return {message.id for message in found if message.id.startswith("medialib.")}


@pytest.fixture(autouse=True)
def production(settings):
    settings.DEBUG, settings.SECRET_KEY, settings.IMAGEKIT_ALLOW_PRIVATE_API = False, "s3cret-" * 10, False


def test_a_safe_deployment_passes(db):
    assert problems(databases=["default"]) == set()


@pytest.mark.parametrize("keys", [[], ["broken"]])
def test_missing_or_malformed_encryption_keys_are_an_error(settings, keys):
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert problems() == {"medialib.E001"}


@pytest.mark.parametrize("secret", ["development-only", "django-insecure-" + "x" * 50])
def test_a_weak_secret_key_is_an_error_in_production_only(settings, secret):
    settings.SECRET_KEY = secret
    assert problems() == {"medialib.E002"}
    settings.DEBUG = True
    assert problems() == set()


def test_private_api_addresses_in_production_are_a_warning(settings):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = True
    assert problems() == {"medialib.W001"}


@pytest.mark.parametrize("url", ["http://api.imagekit.io", "https://127.0.0.1"])
def test_an_account_whose_key_would_go_astray_is_an_error(db, url):
    factories.account(api_url=url)
    assert problems(databases=["default"]) == {"medialib.E003"}


@pytest.mark.django_db(transaction=True)
def test_missing_triggers_are_an_error():
    append_only.remove(connection)
    assert problems(databases=["default"]) == {"medialib.E004"}
