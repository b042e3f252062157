"""Lets a test empty its own database: Django's flush after a transactional test, and nobody else.

The audit log refuses DELETE and TRUNCATE. So its triggers are taken away just before the flush; the post_migrate signal
that the flush sends puts them back. The ready-made groups, made by a migration, are made again.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, connections
from django.test import TransactionTestCase

from medialib.models import append_only


def flush_with_triggers(flush: Callable[[TransactionTestCase], None]) -> Callable[[TransactionTestCase], None]:
    def flush_all(case: TransactionTestCase) -> None:
        for alias in case.databases or {"default"}:
            append_only.remove(connections[alias])
        flush(case)
        groups = import_module("medialib.migrations.0011_ready_made_groups")
        groups.add_groups(apps, SimpleNamespace(connection=connection))

    return flush_all


@pytest.fixture(scope="session", autouse=True)
def audit_log_can_be_flushed() -> object:
    with pytest.MonkeyPatch.context() as patch:
        original = TransactionTestCase._fixture_teardown
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_with_triggers(original))
        yield
