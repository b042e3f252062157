"""Rows that tests of the audit log need beside those of factories.py."""

from __future__ import annotations

from django.utils.timezone import now

from medialib.models import Account, DeletionJob, Manifest


def job_of(account: Account) -> DeletionJob:
    """A job without files."""
    manifest = Manifest.objects.create(
        account=account,
        frozen_by_name="kim",
        frozen_at=now(),
        sha256="0" * 64,
        file_count=0,
        total_bytes=0,
        library_count=0,
    )
    return DeletionJob.objects.create(
        manifest=manifest,
        account=account,
        requested_by_name="kim",
        reason="tidy",
        created_at=now(),
        starts_at=now(),
        file_count=0,
    )
