"""Protection rules and holds: add them, lift them, and ask which files they protect.

A rule is judged on the index, wherever files are selected, frozen, confirmed, claimed or looked at: the engine writes
what a look found into the index first, so that one condition decides everywhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import (
    Account,
    Asset,
    EventKind,
    ProtectedFile,
    ProtectionKind,
    ProtectionRule,
    SavedView,
)
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import read_age, read_size
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, SYSTEM, Actor
from medialib.services.base.cache import kept

MAX_RULES = 200  # Of one account at a time: each claim asks all of them in one condition.
DEAR_S = 0.05  # A count that took longer is kept for a minute.
MAX_VALUE = 1000  # Letters of a folder, pattern, tag or field.
SLICE = 1000
LISTED = "In the account's own list of protected folders."


def add_rule(
    account: Account,
    *,
    kind: ProtectionKind,
    value: str = "",
    file_ids: Iterable[str] = (),
    view: SavedView | None = None,
    reason: str,
    until: datetime | None = None,
    actor: Actor,
) -> ProtectionRule:
    """Protect files of the account from every deletion, at once, running jobs included.

    `value`: a folder, a path pattern, a tag, an age, a size or NAME=VALUE, as `kind` says, as a person writes it.
    Raises WrongUse for what cannot be right, Refused when the account has very many rules already.
    """
    rule = ProtectionRule(
        account=account,
        kind=kind,
        value=_clean_value(kind, view.name if view else value),
        filter=_clean_filter(view) if view else {},
        reason=_clean_reason(reason),
        added_by=actor.user,
        added_by_name=actor.name,
        added_at=now(),
        until=_clean_end(until),
    )
    ids = sorted(set(file_ids))
    if kind == ProtectionKind.FILES and not ids:
        raise WrongUse(_("A hold on a list of files needs the files."))
    if kind == ProtectionKind.VIEW and view is None:
        raise WrongUse(_("A hold on a saved view needs the view."))
    if account.protection_rules.active(now()).count() >= MAX_RULES:
        raise Refused(_("This account has %(count)s rules already. Lift one, or put some together."), count=MAX_RULES)
    with transaction.atomic():
        rule.save()
        files = (ProtectedFile(rule=rule, file_id=file_id) for file_id in ids)
        ProtectedFile.objects.bulk_create(files, batch_size=SLICE)
        detail = {**_detail(rule), "file_count": len(ids)} if ids else _detail(rule)
        log.record(EventKind.PROTECTION_ADDED, actor=actor, account=account, reason=rule.reason, detail=detail)
    return rule


def lift_rule(rule: ProtectionRule, *, reason: str, actor: Actor = SYSTEM) -> None:
    """End a rule now. Its row stays. Raises Refused when it is lifted already."""
    reason = _clean_reason(reason)
    with transaction.atomic():
        standing = ProtectionRule.objects.filter(pk=rule.pk, lifted_at__isnull=True)
        if not standing.update(lifted_at=now(), lifted_by_name=actor.name, lift_reason=reason):
            raise Refused(_("Rule %(number)s was lifted before."), number=rule.pk)
        log.record(EventKind.PROTECTION_LIFTED, actor=actor, account=rule.account, reason=reason, detail=_detail(rule))
    rule.refresh_from_db()


def named_view(account: Account, name: str, actor: Actor) -> SavedView:
    """The saved view of this name that the actor sees, their own before one of the team. Raises WrongUse for none."""
    views = SavedView.objects.filter(account=account, name=name)
    view = views.filter(owner=actor.user).first() or views.filter(is_shared=True).first()
    if view is None:
        text = _("“%(name)s” sees no saved view named “%(view)s” in this account.")
        raise WrongUse(text, name=actor.name, view=name)
    return view


def read_end(text: str) -> datetime:
    """When a rule ends, as people write it. A day counts to its end, in UTC. Raises WrongUse."""
    try:
        moment, day = parse_datetime(text), parse_date(text)
    except ValueError:
        moment = day = None
    if day and "T" not in text and " " not in text:
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    if moment is None:
        raise WrongUse(_("“%(text)s” is no date; write it as 2027-03-31."), text=text[:40])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rules_of(account: Account, *, at: datetime | None = None) -> Sequence[ProtectionRule]:
    """The rules that count now, the folders of the account's own list among them."""
    listed = [
        ProtectionRule(account=account, kind=ProtectionKind.FOLDER, value=prefix, reason=LISTED)
        for prefix in account.protected_prefixes()
    ]
    return [*listed, *account.protection_rules.active(at or now())]


def condition_of(rules: Iterable[ProtectionRule], *, at: datetime) -> Q:
    """Which assets at least one of the rules protects; none without rules."""
    protected = Q(pk__in=[])
    for rule in rules:
        protected |= rule.condition(at)
    return protected


def protected_among(
    account_id: int, file_ids: Collection[str], rules: Iterable[ProtectionRule], *, at: datetime
) -> dict[str, ProtectionRule]:
    """The rule that protects each of these files, where one does: the oldest if there are several."""
    found: dict[str, ProtectionRule] = {}
    for rule in rules:
        open_ids = [file_id for file_id in file_ids if file_id not in found]
        rows = Asset.objects.filter(rule.condition(at), account_id=account_id, file_id__in=open_ids)
        found |= dict.fromkeys(rows.values_list("file_id", flat=True), rule)
    return found


def evidence_of(rule: ProtectionRule) -> str:
    """The sentence that a skipped file keeps; rules of the account's own list have no number."""
    if rule._state.adding:
        return f"It lies in a protected folder of the account ({rule.value}), so it was not sent."
    return f"Protected by {rule}: {rule.reason}"


def file_count(rule: ProtectionRule) -> int:
    """How many files of the index it protects now; where counting took long, as of the last minute."""
    took_s = 0.0

    def count() -> int:
        nonlocal took_s
        began = time.monotonic()
        found = Asset.objects.live(rule.account).filter(rule.condition(now())).count()
        took_s = time.monotonic() - began
        return found

    name = rule.pk or sha256(rule.value.encode()).hexdigest()
    key = f"rule-files-{rule.account_id}-{name}"
    return kept(key, count, is_dear=lambda _found: took_s > DEAR_S)


@dataclass(frozen=True)
class ShownRule:
    """A rule as a page lists it. One of the account's own list has no number and is changed with the account."""

    rule: ProtectionRule
    files: int

    @property
    def is_listed(self) -> bool:
        return self.rule.pk is None


def shown_rules(account: Account) -> list[ShownRule]:
    """The rules that count now, each with how many files it protects."""
    return [ShownRule(rule, file_count(rule)) for rule in rules_of(account)]


def facts_of(rule: ProtectionRule) -> dict[str, object]:
    """A rule as plain values, with how many files of the index it protects now."""
    return {
        **_detail(rule),
        "words": rule.in_words(),
        "reason": rule.reason,
        "added_by": rule.added_by_name,
        "added_at": rule.added_at.isoformat() if rule.added_at else None,
        "lifted_at": rule.lifted_at.isoformat() if rule.lifted_at else None,
        "files": file_count(rule),
    }


def _detail(rule: ProtectionRule) -> dict[str, object]:
    until = rule.until.isoformat() if rule.until else None
    return {"rule": rule.pk, "kind": rule.kind, "value": rule.value, "filter": rule.filter, "until": until}


def _clean_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise WrongUse(_("A rule needs a reason: whoever meets it later wants to know."))
    if len(reason) > MAX_REASON:
        raise WrongUse(_("The reason is longer than %(count)s characters."), count=grouped(MAX_REASON))
    return reason


def _clean_filter(view: SavedView) -> dict[str, object]:
    """What the view means now. One that means nothing would protect everything, or stop each job that asks."""
    try:
        asset_filter = AssetFilter.from_json(view.filter)
    except (WrongUse, ValueError, TypeError, AttributeError):
        asset_filter = None
    if not asset_filter:
        raise WrongUse(_("The view “%(name)s” is no longer understood. Save it again first."), name=view.name)
    return asset_filter.as_json()


def _clean_end(until: datetime | None) -> datetime | None:
    if until is not None and until <= now():
        raise WrongUse(_("The end of a rule lies in the future."))
    return until


def _clean_value(kind: ProtectionKind, value: str) -> str:
    if kind == ProtectionKind.FILES:
        return ""
    if not value or len(value) > MAX_VALUE or "\0" in value:
        raise WrongUse(_("A rule needs a value of 1 to %(count)s characters."), count=grouped(MAX_VALUE))
    if kind == ProtectionKind.FOLDER:
        return f"/{value.strip('/')}/" if value.strip("/") else "/"
    if kind == ProtectionKind.METADATA and not re.fullmatch(r"[^=]+=.*", value, re.DOTALL):
        raise WrongUse(_("Custom metadata is written as NAME=VALUE."))
    if kind == ProtectionKind.YOUNGER_THAN:
        age = read_age(value)
        age.before(now())  # Refuses one that the calendar does not reach.
        return str(age)
    if kind == ProtectionKind.LARGER_THAN:
        return str(min(read_size(value), MAX_INTEGER))
    return value
