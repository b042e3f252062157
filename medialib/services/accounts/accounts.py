"""Accounts: add, change, check."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused, WrongUse, said
from medialib.models import Account, DeletionJob, EventKind, JobState
from medialib.services.accounts import addresses, keys, memberships
from medialib.services.accounts.key_checks import KeyCheck
from medialib.services.audit import log
from medialib.services.audit.log import SYSTEM, Actor

AUDITED = (
    "name", "colour", "url_endpoint", "api_url", "upload_url", "headroom_percent", "undo_window_s", "protected_folders",
    "keep_copies_days", "looks_before_delete", "limit_files", "limit_percent", "approval_files", "other_endpoints",
)  # fmt: skip
# First parts of medialib's own addresses: /<account>/library/ must not collide with them.
RESERVED_NAMES = frozenset(
    [
        "accounts",
        "admin",
        "api",
        "audit",
        "healthz",
        "icons",
        "jobs",
        "language",
        "manifests",
        "metrics",
        "notices",
        "readyz",
        "restores",
        "sign-in",
        "sign-out",
        "static",
        "webhooks",
        "styleguide",
        "you",
    ]
)


@sensitive_variables("private_key")
def add_account(
    *,
    name: str,
    url_endpoint: str,
    private_key: str,
    api_url: str | None = None,
    upload_url: str | None = None,
    colour: str | None = None,
    other_endpoints: str = "",
    actor: Actor = SYSTEM,
) -> Account:
    """Add an account and its first key. Raises WrongUse for bad values, Refused when the name is taken.

    `other_endpoints` has one on each line.
    """
    given = {"api_url": api_url, "upload_url": upload_url, "colour": colour, "other_endpoints": other_endpoints}
    account = Account(name=name, url_endpoint=url_endpoint, **{key: value for key, value in given.items() if value})
    return open_account(account, private_key=private_key, actor=actor)


@sensitive_variables("private_key")
def open_account(account: Account, *, private_key: str, label: str = "", actor: Actor) -> Account:
    """Save a new account with its first key, or nothing at all."""
    private_key = keys.clean_key(private_key)
    _clean(account)
    with transaction.atomic():
        account.save(force_insert=True)
        log.record(EventKind.ACCOUNT_ADDED, actor=actor, account=account, detail=_state(account))
        memberships.join(account, actor=actor)
        keys.set_key(account, private_key=private_key, label=label, actor=actor)
    return account


@sensitive_variables("private_key")
def change_account(
    account: Account, *, actor: Actor, reason: str = "", private_key: str = "", label: str = ""
) -> dict[str, dict[str, Any]]:
    """Save an edited account and record what was and what is. Returns the changed fields.

    A new `private_key` retires the current one. A changed API address asks for the key again and forgets all that are
    stored: they were entered for the other address. Raises WrongUse where that key is missing, or the reason for an
    account that is to do without looks.
    """
    _clean(account)
    with transaction.atomic():
        before = _state(Account.objects.select_for_update().get(pk=account.pk))
        _refuse_another_address(account, before)
        if before["looks_before_delete"] and not account.looks_before_delete and not reason.strip():
            raise WrongUse(_("Say why this account does without looks before its delete calls."))
        has_moved = before["api_url"] != account.api_url
        if has_moved and not private_key:
            raise WrongUse(_("Enter the private key anew: a stored one is never sent to another API address."))
        account.save()
        if has_moved:
            keys.forget_keys(account, actor=actor)
        if private_key:
            keys.set_key(account, private_key=private_key, label=label, actor=actor)
        after = _state(account)
        changed = {name: {"from": before[name], "to": after[name]} for name in AUDITED if before[name] != after[name]}
        if changed:
            log.record(
                EventKind.ACCOUNT_CHANGED, actor=actor, account=account, reason=reason, detail={"changed": changed}
            )
    return changed


def _refuse_another_address(account: Account, before: dict[str, Any]) -> None:
    """A job that continues at another address would believe that files unknown there are gone."""
    unsettled = DeletionJob.objects.filter(~Q(state=JobState.FINISHED) | Q(unverified__gt=0), account=account)
    if before["api_url"] != account.api_url and (job := unsettled.first()):
        text = _("The API address cannot change while job %(number)s needs it. Wait for its end, or cancel it.")
        raise Refused(text, number=job.pk)


def check_account(account: Account, *, actor: Actor = SYSTEM) -> KeyCheck:
    """Try what each of the account's keys may do. Trouble is the answer, not an exception."""
    tried = [(key, keys.check_key(key, actor=actor)) for key in account.api_keys.all().usable()]
    if not tried:
        return KeyCheck(False, said(Refused(keys.NO_KEY, account=account)))
    if len(tried) == 1:
        return tried[0][1]
    message = " ".join(f"{key}: {check.message}" for key, check in tried)
    first = tried[0][1]
    is_ok = all(check.is_ok for _, check in tried)
    return KeyCheck(is_ok, message, first.files_seen, first.request_id, any(check.may_write for _, check in tried))


def clean_name(name: str) -> str:
    """The name of an account, which becomes part of addresses."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
        raise WrongUse(_("An account's name has 1 to 60 letters, digits, hyphens or underscores."))
    if name.lower() in RESERVED_NAMES:
        raise WrongUse(_("“%(name)s” is the address of one of medialib's own pages. Choose another name."), name=name)
    return name


def refuse_taken(name: str, *, except_for: Account) -> None:
    """Raises Refused when another account has the name, in whatever letters: people would mix the two up."""
    if Account.objects.filter(name__iexact=name).exclude(pk=except_for.pk).exists():
        raise Refused(
            _(
                "There is already an account named “%(name)s”. Choose another name, or change that one in the admin "
                "under Accounts."
            ),
            name=name,
        )


def _clean(account: Account) -> None:
    clean_name(account.name)
    account.url_endpoint = addresses.clean(account.url_endpoint, what=addresses.ENDPOINT)
    others = (addresses.clean(each, what=addresses.OTHER) for each in account.other_endpoints.split())
    account.other_endpoints = "\n".join(dict.fromkeys(others))
    account.api_url = addresses.clean(account.api_url, what=addresses.API)
    account.upload_url = addresses.clean(account.upload_url, what=addresses.UPLOAD)
    for url, what in ((account.api_url, addresses.API), (account.upload_url, addresses.UPLOAD)):
        addresses.refuse_foreign(url, what=what)
        addresses.refuse_private(url, what=what)
    refuse_taken(account.name, except_for=account)
    _clean_fields(account)


def _clean_fields(account: Account) -> None:
    try:
        # The addresses have had their own, stricter check, and URLField knows no host without a dot.
        account.full_clean(exclude=["name", "url_endpoint", "api_url", "upload_url"])
    except ValidationError as error:
        raise WrongUse(" ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())) from None


def fingerprint(account: Account) -> str:
    """Of what people may change of an account, so that a page knows whether somebody else did meanwhile."""
    state = json.dumps(_state(account), sort_keys=True, default=str)
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _state(account: Account) -> dict[str, Any]:
    return {field: getattr(account, field) for field in AUDITED}
