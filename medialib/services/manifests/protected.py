"""Which rules protect files of a frozen list now: named with their counts before anything is confirmed.

They are judged again when the files are sent, by what the files are then.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef
from django.utils.timezone import now

from medialib.models import Asset, Item, Manifest, ProtectionRule
from medialib.services.accounts import protections

NAMED = 20  # Rules that are named one by one.


@dataclass(frozen=True)
class Protecting:
    """A rule and how many files of the list it protects; another rule may protect some of them too."""

    rule: ProtectionRule
    files: int


@dataclass(frozen=True)
class Protected:
    """How many files of a list are protected, and by which rules, those of the most files first."""

    files: int = 0
    rules: tuple[Protecting, ...] = ()
    others: int = 0  # Rules that are not named.


NOT_PROTECTED = Protected()


def protected_in(manifest: Manifest) -> Protected:
    """One pass over the list, and none where the account has no rules."""
    rules, at = protections.rules_of(manifest.account), now()
    if not rules:
        return NOT_PROTECTED
    frozen = Item.objects.filter(manifest=manifest, file_id=OuterRef("file_id"))
    assets = Asset.objects.filter(protections.condition_of(rules, at=at), account_id=manifest.account_id)
    each = {f"rule_{n}": Count("pk", filter=rule.condition(at)) for n, rule in enumerate(rules)}
    counts = assets.filter(Exists(frozen)).aggregate(files=Count("pk"), **each)
    found = [Protecting(rule, counts[f"rule_{n}"]) for n, rule in enumerate(rules) if counts[f"rule_{n}"]]
    found.sort(key=lambda protecting: -protecting.files)
    return Protected(counts["files"], tuple(found[:NAMED]), len(found[NAMED:]))
