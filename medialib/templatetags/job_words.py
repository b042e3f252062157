"""Words for jobs and outcomes in templates. Presentation only, no queries."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django import template

from medialib.models import EventKind, Outcome

register = template.Library()

OUTCOME_NOTES = {
    Outcome.DELETED: "ImageKit deleted it, with all its versions.",
    Outcome.ALREADY_GONE: "It was not at ImageKit any more when its turn came.",
    Outcome.SKIPPED: "It lies in a protected folder, so it was not sent.",
    Outcome.FAILED: "ImageKit refused; it is still there.",
    Outcome.CANCELLED: "It was never sent; it is still there.",
    Outcome.UNVERIFIED: "The answer was lost and the look-up failed: nobody knows yet.",
}
LONG_HEX = re.compile("[0-9a-f-]{32,}")
DANGEROUS_EVENTS = {EventKind.FILE_UNVERIFIED, EventKind.SIGN_IN_FAILED}


@register.filter
def duration(seconds: float | None) -> str:
    """`45 s`, `4 min 12 s`, `3 h 05 min`."""
    if seconds is None:
        return "—"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} days {whole % 86400 // 3600} h"


@register.filter
def outcome_words(outcome: str) -> str:
    """`already gone`; an empty outcome is a file that still waits."""
    return Outcome(outcome).label.lower() if outcome in Outcome.values else "left"


@register.filter
def outcome_note(outcome: str) -> str:
    """What an outcome means, in one sentence."""
    return OUTCOME_NOTES[Outcome(outcome)] if outcome in Outcome.values else "It has not been sent yet."


@register.filter
def percent(share: float) -> str:
    """`4.7`; small shares keep enough digits to be more than nothing."""
    if share >= 9.95 or share == 0:
        return f"{share:.0f}"
    return f"{share:.1f}" if share >= 0.095 else "less than 0.1"


@register.filter
def plural_files(count: int) -> str:
    """`1 file`, `48,213 files`."""
    return f"{count:,} file" if count == 1 else f"{count:,} files"


@register.filter
def detail_words(detail: dict[str, Any]) -> str:
    """`file count 48, kind ticks`: what an event of no single file tells, without its empty members."""
    told = {name.replace("_", " "): value for name, value in detail.items() if value not in ("", None, [], {})}
    return ", ".join(f"{name} {_plain(value)}" for name, value in told.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return f"({detail_words(value)})"
    return f"{value[:8]}…" if isinstance(value, str) and LONG_HEX.fullmatch(value) else str(value)


@register.filter
def is_alarming(event: str) -> bool:
    return event in DANGEROUS_EVENTS


@register.filter
def query_of(value: str, name: str) -> str:
    """`actor=sam`, encoded for an address."""
    return urlencode({name: value})
