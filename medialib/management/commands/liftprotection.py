"""Lift a protection rule or hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, row_number
from medialib.management.people import person_who_may
from medialib.models import ProtectionRule
from medialib.services.accounts import protections
from medialib.services.audit.log import Actor


class Command(MedialibCommand):
    help = "Lift a rule that protects files; its row and its history stay."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rule", metavar="ID", type=row_number, help="Number of the rule, from listprotections.")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit log.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")

    def work(self, *, rule: int, reason: str, user: str, **options: Any) -> Report:
        found = ProtectionRule.objects.select_related("account").filter(pk=rule).first()
        if found is None:
            raise WrongUse(f"There is no rule {rule}.")
        actor = Actor.person(person_who_may("manage_keys", user, account=found.account))
        protections.lift_rule(found, reason=reason, actor=actor)
        return Report([f"{found} is lifted."], protections.facts_of(found))
