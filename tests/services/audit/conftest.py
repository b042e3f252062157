"""A key, anchors and a sealed log of each test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from medialib.models import AuditEvent, EventKind
from medialib.models.audit import append_only
from medialib.services.audit import log
from medialib.services.audit.seal import sealing
from tests.commands.conftest import run

__all__ = ["run"]


@pytest.fixture(autouse=True)
def own_data_dir(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    settings.AUDIT_ANCHOR_FILE = settings.DATA_DIR / "audit-anchors.jsonl"
    settings.AUDIT_SIGNING_KEY = ""
    return settings.DATA_DIR


@pytest.fixture
def sealed(db: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Twelve events in three segments; their ids."""
    monkeypatch.setattr(sealing, "SEGMENT_EVENTS", 4)
    for number in range(12):
        record(number)
    sealing.seal_all()
    return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))


def record(number: int = 0) -> AuditEvent:
    return log.record(EventKind.JOB_SPEED, reason=f"reason {number}", detail={"percent": number})


@pytest.fixture
def as_dba(db: None) -> Callable[..., None]:
    """Raw SQL by somebody who may drop triggers, and does."""

    def execute(*statements: str) -> None:
        with transaction.atomic():
            append_only.remove(connection)
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            append_only.install(connection)

    return execute
