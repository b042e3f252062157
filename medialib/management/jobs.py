"""Finds the job that a command is about."""

from __future__ import annotations

from medialib.errors import WrongUse
from medialib.models import DeletionJob


def job_numbered(number: int) -> DeletionJob:
    """The job with its account and manifest. Raises WrongUse when there is none of this number."""
    found = DeletionJob.objects.select_related("account", "manifest").filter(pk=number).first()
    if found is None:
        raise WrongUse(f"There is no job {number}.")
    return found
