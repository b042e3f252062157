"""Accounts and their keys: add, change, check. client_for() is the only place where a key is decrypted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_variables

from medialib.errors import MedialibError, Refused, WrongUse
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError
from medialib.models import Account, ApiKey, EventKind, KeyKind
from medialib.services import addresses, audit, vault
from medialib.services.audit import SYSTEM, Actor

CHECK_LIMIT = 100  # Files asked for by a check: enough to tell an empty library from a full one.
STAMP_EVERY = timedelta(minutes=1)
MAX_KEY_LENGTH = 200
SHORT_KEY = 12  # Four characters of a shorter one would give too much of it away.
AUDITED = (
    "name", "colour", "url_endpoint", "api_url", "upload_url", "headroom_percent", "undo_window_s", "protected_folders",
)  # fmt: skip
# First parts of medialib's own addresses: /<account>/library/ must not collide with them.
RESERVED_NAMES = frozenset(
    ["admin", "api", "audit", "healthz", "jobs", "manifests", "media", "readyz", "sign-in", "sign-out", "static"]
)


@dataclass(frozen=True)
class KeyCheck:
    """What ImageKit answered when the key was tried. `message` is a sentence for a person."""

    is_ok: bool
    message: str
    files_seen: int = 0
    request_id: str = ""


@sensitive_variables("private_key")
def add_account(
    *,
    name: str,
    url_endpoint: str,
    private_key: str,
    api_url: str | None = None,
    upload_url: str | None = None,
    colour: str | None = None,
    actor: Actor = SYSTEM,
) -> Account:
    """Add an account and its first key. Raises WrongUse for bad values, Refused when the name is taken."""
    given = {"api_url": api_url, "upload_url": upload_url, "colour": colour}
    account = Account(name=name, url_endpoint=url_endpoint, **{key: value for key, value in given.items() if value})
    return open_account(account, private_key=private_key, actor=actor)


@sensitive_variables("private_key")
def open_account(account: Account, *, private_key: str, label: str = "", actor: Actor) -> Account:
    """Save a new account with its first key, or nothing at all."""
    private_key = clean_key(private_key)
    _clean(account)
    with transaction.atomic():
        account.save(force_insert=True)
        audit.record(EventKind.ACCOUNT_ADDED, actor=actor, account=account, detail=_state(account))
        set_key(account, private_key=private_key, label=label, actor=actor)
    return account


def change_account(account: Account, *, actor: Actor) -> dict[str, dict[str, Any]]:
    """Save an edited account and record what was and what is. Returns the changed fields."""
    _clean(account)
    with transaction.atomic():
        before = _state(Account.objects.select_for_update().get(pk=account.pk))
        account.save()
        after = _state(account)
        changed = {name: {"from": before[name], "to": after[name]} for name in AUDITED if before[name] != after[name]}
        if changed:
            audit.record(EventKind.ACCOUNT_CHANGED, actor=actor, account=account, detail={"changed": changed})
    return changed


@sensitive_variables("private_key")
def set_key(
    account: Account, *, private_key: str, label: str = "", kind: str = KeyKind.READ_WRITE, actor: Actor
) -> ApiKey:
    """Store a key, encrypted, and retire the earlier one of its kind: its secret is erased, its row stays."""
    private_key = clean_key(private_key)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # One new key at a time.
        _retire(account, kind=kind, actor=actor)
        key = ApiKey.objects.create(
            account=account,
            kind=kind,
            label=label,
            ciphertext=vault.encrypt(private_key),
            last_four=private_key[-4:] if len(private_key) >= SHORT_KEY else "",
            added_by=actor.user,
        )
        audit.record(EventKind.KEY_ADDED, actor=actor, account=account, detail=_shown(key))
    return key


def check_account(account: Account, *, actor: Actor = SYSTEM) -> KeyCheck:
    """Try the account's key with one harmless listing. Trouble is the answer, not an exception."""
    try:
        with client_for(account) as client:
            listing = client.list_files(limit=CHECK_LIMIT)
        check = KeyCheck(True, _welcome(len(listing.files)), len(listing.files), listing.request_id)
    except ImageKitError as error:
        check = KeyCheck(False, str(error), request_id=error.request_id)
    except MedialibError as error:
        check = KeyCheck(False, str(error))
    detail = {"is_ok": check.is_ok, "message": check.message, "request_id": check.request_id}
    audit.record(EventKind.KEY_CHECKED, actor=actor, account=account, detail=detail)
    return check


@sensitive_variables("private_key")
def client_for(account: Account) -> ImageKitClient:
    """A client that speaks with the account's key. Raises Refused when it has none or its address is not allowed."""
    key = account.api_keys.all().strongest()
    if key is None:
        raise Refused(f"The account “{account}” has no private key. Add one in the admin under Accounts.")
    addresses.clean(account.api_url, what="API address")  # The setting may have become stricter since.
    addresses.refuse_private(account.api_url, what="API address")
    private_key = vault.decrypt(key.ciphertext)
    _stamp(key)
    return ImageKitClient(
        private_key,
        api_url=account.api_url,
        connect_timeout_s=settings.IMAGEKIT_CONNECT_TIMEOUT_S,
        read_timeout_s=settings.IMAGEKIT_READ_TIMEOUT_S,
    )


@dataclass(frozen=True)
class Reencryption:
    """How many stored keys are now under the newest encryption key, and which could not be read."""

    done: int
    unreadable: tuple[str, ...]


def reencrypt_keys(*, actor: Actor = SYSTEM) -> Reencryption:
    """Encrypt every stored key anew with the newest of FIELD_ENCRYPTION_KEYS, one by one, while all keep working."""
    vault.require_usable()
    done, unreadable = 0, []
    for key in ApiKey.objects.active().select_related("account").order_by("pk"):
        try:
            fresh = vault.reencrypt(key.ciphertext)
        except Refused:
            unreadable.append(f"{key} of {key.account}")
        else:
            # Only if nobody replaced it meanwhile.
            done += ApiKey.objects.filter(pk=key.pk, ciphertext=key.ciphertext).update(ciphertext=fresh)
    audit.record(EventKind.KEYS_REENCRYPTED, actor=actor, detail={"reencrypted": done, "unreadable": unreadable})
    return Reencryption(done, tuple(unreadable))


@sensitive_variables()
def clean_key(private_key: str) -> str:
    """The key without space around it. Raises WrongUse, never quoting it."""
    private_key = private_key.strip().lstrip("\ufeff")
    if not private_key:
        raise WrongUse("The private key is empty.")
    if private_key.startswith("public_"):
        raise WrongUse("That is the public key. medialib needs the private one; it begins with “private_”.")
    if len(private_key) > MAX_KEY_LENGTH or not re.fullmatch(r"[!-9;-~]+", private_key):
        raise WrongUse(
            "That is not a private key: it is too long, or has spaces, line breaks, colons or foreign letters."
        )
    return private_key


def clean_name(name: str) -> str:
    """The name of an account, which becomes part of addresses."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
        raise WrongUse("An account's name has 1 to 60 letters, digits, hyphens or underscores.")
    if name.lower() in RESERVED_NAMES:
        raise WrongUse(f"“{name}” is the address of one of medialib's own pages. Choose another name.")
    return name


def refuse_taken(name: str, *, except_for: Account) -> None:
    """Raises Refused when another account has the name, in whatever letters: people would mix the two up."""
    if Account.objects.filter(name__iexact=name).exclude(pk=except_for.pk).exists():
        raise Refused(
            f"There is already an account named “{name}”. "
            "Choose another name, or change that one in the admin under Accounts."
        )


def _clean(account: Account) -> None:
    clean_name(account.name)
    account.url_endpoint = addresses.clean(account.url_endpoint, what="URL endpoint")
    account.api_url = addresses.clean(account.api_url, what="API address")
    account.upload_url = addresses.clean(account.upload_url, what="upload address")
    for url, what in ((account.api_url, "API address"), (account.upload_url, "upload address")):
        addresses.refuse_private(url, what=what)
    refuse_taken(account.name, except_for=account)
    _clean_fields(account)


def _clean_fields(account: Account) -> None:
    try:
        # The addresses have had their own, stricter check, and URLField knows no host without a dot.
        account.full_clean(exclude=["name", "url_endpoint", "api_url", "upload_url"])
    except ValidationError as error:
        raise WrongUse(" ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())) from None


def _retire(account: Account, *, kind: str, actor: Actor) -> None:
    for key in account.api_keys.all().active().of_kind(kind):
        ApiKey.objects.filter(pk=key.pk).update(retired_at=now(), ciphertext="")
        audit.record(EventKind.KEY_RETIRED, actor=actor, account=account, detail=_shown(key))


def _stamp(key: ApiKey) -> None:
    """Note the use, at most once a minute: a note is not worth a write for each call."""
    limit = now() - STAMP_EVERY
    if key.last_used_at is None or key.last_used_at < limit:
        ApiKey.objects.filter(pk=key.pk).used_before(limit).update(last_used_at=now())


def _state(account: Account) -> dict[str, Any]:
    return {field: getattr(account, field) for field in AUDITED}


def _shown(key: ApiKey) -> dict[str, Any]:
    return {"key": str(key), "kind": key.kind, "label": key.label}


def _welcome(count: int) -> str:
    if count == 0:
        return "ImageKit accepts the key. The library is empty."
    return (
        f"ImageKit accepts the key and lists {count} or more files."
        if count >= CHECK_LIMIT
        else (f"ImageKit accepts the key and lists {count} file{'' if count == 1 else 's'}.")
    )
