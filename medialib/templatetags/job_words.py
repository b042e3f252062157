"""Words for jobs and outcomes in templates. Presentation only, no queries."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from medialib.models import AssetKind, EventKind, JobState, Outcome, PurgeState, RestoreOutcome
from medialib.models.deletion.causes import CAUSES
from medialib.templatetags.detail_names import detail_name

register = template.Library()


def filled_in(sentence: str) -> re.Pattern[str]:
    """Matches the sentence with anything in its places."""
    pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(sentence))
    return re.compile(pattern.replace("%%", "%"), re.DOTALL)


CALL_WORDS = {"delete": gettext_lazy("delete call"), "look_up": gettext_lazy("look-up")}
PURGE_WORDS = {
    PurgeState.WAITING: pgettext_lazy("purge", "waiting"),
    PurgeState.REQUESTED: pgettext_lazy("purge", "requested"),
    PurgeState.COMPLETED: pgettext_lazy("purge", "completed"),
    PurgeState.FAILED: pgettext_lazy("purge", "failed"),
}
KIND_WORDS = {
    AssetKind.IMAGE: pgettext_lazy("type", "image"),
    AssetKind.VIDEO: pgettext_lazy("type", "video"),
    AssetKind.AUDIO: pgettext_lazy("type", "audio"),
    AssetKind.DOCUMENT: pgettext_lazy("type", "document"),
    AssetKind.OTHER: pgettext_lazy("type", "other"),
}
_CAUSES = [(cause, filled_in(cause)) for cause in CAUSES]
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
    days = whole // 86400
    return ngettext("%(days)s day %(hours)s h", "%(days)s days %(hours)s h", days) % {
        "days": days,
        "hours": whole % 86400 // 3600,
    }


@register.filter
def outcome_words(outcome: str) -> str:
    """`already gone`; an empty outcome is a file that still waits."""
    return str(Outcome(outcome).label) if outcome in Outcome.values else _("left")


@register.filter
def state_words(state: str) -> str:
    """`waiting to start`."""
    return str(JobState(state).label) if state in JobState.values else state


@register.filter
def recorded(text: str) -> str:
    """A sentence of the record in the reader's language, when it is one of those marked with gettext_noop.

    Of those with places it knows why a job paused. What fills them is tried too, and stands as recorded otherwise.
    """
    if not text or (translated := _(text)) != text:
        return translated if text else ""
    for sentence, pattern in _CAUSES:
        if found := pattern.fullmatch(text):
            return _(sentence) % {name: recorded(part) for name, part in found.groupdict().items()}
    return text


@register.filter
def call_words(kind: str) -> str:
    """`delete call`, `look-up`."""
    return str(CALL_WORDS.get(kind, kind))


@register.filter
def purge_words(state: str) -> str:
    return str(PURGE_WORDS[PurgeState(state)]) if state in PurgeState.values else state


@register.filter
def kind_words(kind: str) -> str:
    """`image`; a text that is not a kind of file is left as it is."""
    return str(KIND_WORDS[AssetKind(kind)]) if kind in AssetKind.values else kind


@register.filter
def outcome_note(outcome: str) -> str:
    """What an outcome means, in one sentence."""
    return str(Outcome(outcome).note) if outcome in Outcome.values else _("It has not been sent yet.")


@register.filter
def restore_css(outcome: str) -> str:
    """The class of the style sheet that shows an outcome of a restore."""
    return RestoreOutcome(outcome).css if outcome in RestoreOutcome.values else "quiet"


@register.filter
def outcome_css(outcome: str) -> str:
    """The class of the style sheet that shows an outcome, behind badge-, dot- or fill-."""
    return Outcome(outcome).css if outcome in Outcome.values else "quiet"


@register.filter
def percent(share: float) -> str:
    """`4.7`; small shares keep enough digits to be more than nothing."""
    if share >= 9.95 or share == 0:
        return number_format(round(share))
    return number_format(round(share, 1), 1) if share >= 0.095 else _("less than 0.1")


@register.filter
def plural_files(count: int) -> str:
    """`1 file`, `48,213 files`."""
    return ngettext("%(count)s file", "%(count)s files", count) % {"count": number_format(count, force_grouping=True)}


@register.filter
def tray_state(active: list[Any]) -> str:
    """What the tab's icon shows: `running`, `waiting` when every job stands still, `done` when none is left."""
    if not active:
        return "done"
    moving = (JobState.RUNNING, JobState.CANCELLING)
    return "running" if any(each.job.state in moving for each in active) else "waiting"


@register.filter
def tray_percent(active: list[Any]) -> int:
    """Of all files of the jobs under way, rounded down."""
    total = sum(each.job.file_count for each in active)
    return 100 * sum(each.job.settled for each in active) // total if total else 100


@register.filter
def detail_words(detail: dict[str, Any]) -> str:
    """`file count 48, kind ticks`: what an event of no single file tells, without its empty members."""
    members = {name: value for name, value in detail.items() if value not in ("", None, [], {})}
    return ", ".join(f"{detail_name(name)} {_plain(value)}" for name, value in members.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return number_format(value, force_grouping=True)
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
