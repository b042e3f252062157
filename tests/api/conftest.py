"""Fixtures of the API: an account with files, and programs of people."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from medialib.models import Account
from tests import factories
from tests.api.calls import Program


@pytest.fixture
def acme(db: None) -> Account:
    return factories.account("acme")


@pytest.fixture
def program(staff: User) -> Program:
    """Of a person with every right, for everything."""
    return Program(staff)
