"""What a deletion will take: calls, time, and how much confirmation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from medialib.models import Account, Manifest, PaceKind
from medialib.models.jobs import BATCH_SIZE
from medialib.services.accounts import pacing

TYPE_NUMBER_ABOVE = 1000  # Files; above it, or above this share of the library, the number must be typed.
TYPE_NUMBER_ABOVE_PERCENT = 5


@dataclass(frozen=True)
class DeletionPlan:
    """`calls` delete calls, about `seconds` at the account's pace."""

    manifest: Manifest
    calls: int
    seconds: int

    def lines(self) -> list[str]:
        """For the command line."""
        manifest = self.manifest
        return [
            (
                f"{manifest.file_count:,} files, {manifest.total_bytes:,} bytes on {manifest.account},"
                " for ever, with all versions."
            ),
            f"{self.calls:,} calls, about {self.seconds:,} seconds.",
            f"Manifest {manifest.sha256}",
        ]


def calls_needed(file_count: int) -> int:
    """Delete calls for so many files when none of them is gone already."""
    return math.ceil(file_count / BATCH_SIZE)


def calls_per_second(account: Account) -> float:
    """What medialib may send now: the learned or default limit less the headroom."""
    allowed = pacing.allowance(pacing.pace_of(account, PaceKind.DELETE), headroom_percent=account.headroom)
    return allowed.calls / allowed.interval_s


def deletion_plan(manifest: Manifest) -> DeletionPlan:
    """Calls and seconds for a manifest."""
    calls = calls_needed(manifest.file_count)
    return DeletionPlan(manifest, calls, math.ceil(calls / calls_per_second(manifest.account)))


def must_type_number(manifest: Manifest) -> bool:
    """Whether a person has to type how many files go: more than 1,000, or more than 5 % of the library."""
    share = manifest.file_count * 100 > manifest.library_count * TYPE_NUMBER_ABOVE_PERCENT
    return manifest.file_count > TYPE_NUMBER_ABOVE or share
