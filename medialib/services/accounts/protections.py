"""Protection rules and holds: add them, lift them, and ask which files they protect.

A rule is judged on the index, wherever files are selected, frozen, confirmed, claimed or looked at: the engine writes
what a look found into the index first, so that one condition decides everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
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
from medialib.models.query.units import read_age, read_size
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, SYSTEM, Actor

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
    Raises WrongUse for what cannot be right.
    """
    rule = ProtectionRule(
        account=account,
        kind=kind,
        value=_clean_value(kind, view.name if view else value),
        filter=view.filter if view else {},
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


def facts_of(rule: ProtectionRule) -> dict[str, object]:
    """A rule as plain values, with how many files of the index it protects now."""
    files = Asset.objects.live(rule.account).filter(rule.condition(now())).count()
    return {
        **_detail(rule),
        "words": rule.in_words(),
        "reason": rule.reason,
        "added_by": rule.added_by_name,
        "added_at": rule.added_at.isoformat() if rule.added_at else None,
        "lifted_at": rule.lifted_at.isoformat() if rule.lifted_at else None,
        "files": files,
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
