"""Lets a test empty its own database: Django's flush after a transactional test, and nobody else.

The audit log refuses DELETE and TRUNCATE. So its triggers are taken away just before the flush; the post_migrate signal
that the flush sends puts them back. The ready-made groups, made by a migration, are made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import m2m_changed
from django.test import TransactionTestCase

from medialib.auth import rights_signals
from medialib.models.audit import append_only, index
from medialib.models.query import search
from medialib.services.accounts import groups


def flush_with_triggers(flush: Callable[[TransactionTestCase], None]) -> Callable[[TransactionTestCase], None]:
    def flush_all(case: TransactionTestCase) -> None:
        for alias in case.databases or {"default"}:
            append_only.remove(connections[alias])
        flush(case)
        for alias in case.databases or {"default"}:
            empty_text_indexes(connections[alias])
        with nothing_recorded():
            groups.add_groups(apps, DEFAULT_DB_ALIAS)

    return flush_all


def empty_text_indexes(connection: BaseDatabaseWrapper) -> None:
    """SQLite's text indexes keep the texts of rows that went, or what it took to take them out."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in (search.TEXT, index.TEXT):
                cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")


@contextmanager
def nothing_recorded() -> Iterator[None]:
    """A migration speaks of models of its own, which nobody listens to; here the real ones stand in for them."""
    uid = "medialib.rights_changed"
    m2m_changed.disconnect(dispatch_uid=uid)
    yield
    m2m_changed.connect(rights_signals.record_rights, dispatch_uid=uid)


@pytest.fixture(scope="session", autouse=True)
def audit_log_can_be_flushed() -> object:
    with pytest.MonkeyPatch.context() as patch:
        original = TransactionTestCase._fixture_teardown
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_with_triggers(original))
        yield
