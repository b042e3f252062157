"""Protect files of an account from every deletion, by a rule or a hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report
from medialib.management.files import read_list
from medialib.management.people import person_who_may
from medialib.models import Account, ProtectionKind
from medialib.services.accounts import protections
from medialib.services.audit.log import Actor
from medialib.services.base.words import counted
from medialib.services.selections.list_matching import listed_ids

# Option: the kind of rule, and what stands behind the option.
RULES = {
    "folder": (ProtectionKind.FOLDER, "PATH"),
    "pattern": (ProtectionKind.PATTERN, "GLOB"),
    "tag": (ProtectionKind.TAG, "TAG"),
    "younger_than": (ProtectionKind.YOUNGER_THAN, "30d"),
    "larger_than": (ProtectionKind.LARGER_THAN, "1GB"),
    "metadata": (ProtectionKind.METADATA, "NAME=VALUE"),
    "ids_file": (ProtectionKind.FILES, "FILE"),
    "view": (ProtectionKind.VIEW, "NAME"),
}


class Command(MedialibCommand):
    help = "Protect files from every deletion until the rule is lifted or ends."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Name of the account.")
        what = parser.add_mutually_exclusive_group(required=True)
        for option, (kind, metavar) in RULES.items():
            what.add_argument(f"--{option.replace('_', '-')}", metavar=metavar, help=str(kind.label))
        parser.add_argument("--reason", required=True, help="Why; whoever meets the rule reads it.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")
        parser.add_argument("--until", metavar="DATE", help="The last day that it counts, or a time with its zone.")

    def work(self, *, name: str, reason: str, user: str, until: str | None, **options: Any) -> Report:
        account = Account.objects.named(name)
        actor = Actor.person(person_who_may("delete_files", user, account=account))
        option = next(each for each in RULES if options[each] is not None)
        kind, given = RULES[option][0], options[option]
        rule = protections.add_rule(
            account,
            kind=kind,
            value="" if kind in (ProtectionKind.FILES, ProtectionKind.VIEW) else given,
            file_ids=_ids(account, given) if kind == ProtectionKind.FILES else (),
            view=protections.named_view(account, given, actor) if kind == ProtectionKind.VIEW else None,
            reason=reason,
            until=protections.read_end(until) if until else None,
            actor=actor,
        )
        facts = protections.facts_of(rule)
        return Report([f"{rule} protects {counted(int(str(facts['files'])), 'file')} now."], facts)


def _ids(account: Account, path: str) -> list[str]:
    return listed_ids(account, read_list(path), name=path).file_ids
