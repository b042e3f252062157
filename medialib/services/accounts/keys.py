"""Private keys: add, replace, rotate, test, retire. Only client_for() and check_key() decrypt one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused, WrongUse, in_english
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError
from medialib.imagekit.transport import PRIVATE_KEY
from medialib.models import Account, ApiKey, DeletionJob, EventKind, KeyKind, KeyPurpose
from medialib.services.accounts import addresses, key_checks, vault
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.base.client_words import in_words

STAMP_EVERY = timedelta(minutes=1)
# As it stands in a file of variables or settings: export KEY=private_…, KEY="private_…", "key": "private_…".
_ASSIGNED = re.compile(
    r"""(?:export\s+)?["']?[A-Za-z_][\w.-]*["']?\s*[=:]\s*(["']?private_[^"']*["']?)[,;]?""", re.ASCII
)
QUOTES = {('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"), ("‘", "’"), ("„", "“")}
MAX_KEY_LENGTH = 200
SHORT_KEY = 12  # Four characters of a shorter one would give too much of it away.
LONGEST_OVERLAP = timedelta(days=7)  # As long as ImageKit itself keeps a rolled key alive at most.
NO_KEY = _("The account “%(account)s” has no private key. Add one in the admin under Accounts.")
ONLY_KEY = _(
    "it is the only one that may delete. Add another read and write key first, or wait for the job to end, or cancel "
    "it."
)
NEEDED_BY_MORE = ngettext_lazy(
    "Job %(number)s and %(more)s more still need this key: %(why)s",
    "Job %(number)s and %(more)s more still need this key: %(why)s",
    "more",
)


@sensitive_variables("private_key")
def add_key(
    account: Account,
    *,
    private_key: str,
    label: str = "",
    kind: str = KeyKind.READ_WRITE,
    expires_at: datetime | None = None,
    actor: Actor,
) -> ApiKey:
    """Store a key, encrypted, beside the account's others."""
    private_key = clean_key(private_key)
    _refuse_stranger(private_key, account)
    with transaction.atomic():
        key = ApiKey.objects.create(
            account=account,
            kind=kind,
            label=label,
            ciphertext=vault.encrypt(private_key),
            last_four=private_key[-4:] if len(private_key) >= SHORT_KEY else "",
            expires_at=expires_at,
            added_by=actor.user,
        )
        log.record(EventKind.KEY_ADDED, actor=actor, account=account, detail=_shown(key))
    return key


@sensitive_variables("private_key")
def set_key(
    account: Account, *, private_key: str, label: str = "", kind: str = KeyKind.READ_WRITE, actor: Actor
) -> ApiKey:
    """Store a key and retire the earlier ones of its kind at once: their secrets are erased, their rows stay."""
    private_key = clean_key(private_key)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # One new key at a time.
        for earlier in account.api_keys.all().active().of_kind(kind):
            _retire(earlier, at=now(), actor=actor)
        return add_key(account, private_key=private_key, label=label, kind=kind, actor=actor)


@sensitive_variables("private_key")
def rotate_key(
    old: ApiKey,
    *,
    private_key: str,
    label: str = "",
    keep_old_for: timedelta = timedelta(0),
    expires_at: datetime | None = None,
    actor: Actor,
) -> ApiKey:
    """Put a new key in the place of `old`, which stays usable for a while.

    The new one is tested first. Raises Refused, and changes nothing, when ImageKit does not accept it or it may do less
    than its kind promises.
    """
    if not timedelta(0) <= keep_old_for <= LONGEST_OVERLAP:
        raise WrongUse(_("The old key may stay for %(days)s days at most."), days=LONGEST_OVERLAP.days)
    private_key = clean_key(private_key)
    _require_active(old)
    check = key_checks.probe(lambda: _client(private_key, old.account), kind=old.kind)
    if not check.is_ok:
        raise Refused(_("The new key was not taken, and the old one stays: %(cause)s"), cause=check.message)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=old.account_id)
        new = add_key(
            old.account, private_key=private_key, label=label, kind=old.kind, expires_at=expires_at, actor=actor
        )
        _note_check(new, check, actor=actor)
        _retire(old, at=now() + keep_old_for, actor=actor)
    return new


def forget_keys(account: Account, *, actor: Actor) -> None:
    """Retire every key at once and erase its secret: the account's API address is another one now."""
    for key in account.api_keys.all().active():
        _retire(key, at=now(), actor=actor)


def retire_key(key: ApiKey, *, actor: Actor) -> None:
    """End a key at once and erase its secret. Raises Refused while a job needs it, with the way out."""
    _require_active(key)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=key.account_id)
        _refuse_needed(key)
        _retire(key, at=now(), actor=actor)


def change_key(key: ApiKey, *, label: str, expires_at: datetime | None, actor: Actor) -> None:
    """Change what people wrote about a key; the key itself never changes."""
    before = {"label": key.label, "expires_at": key.expires_at}
    key.label, key.expires_at = label, expires_at
    after = {"label": label, "expires_at": expires_at}
    if before == after:
        return
    with transaction.atomic():
        key.save(update_fields=["label", "expires_at"])
        detail = {"key": str(key), "changed": {n: {"from": _text(before[n]), "to": _text(after[n])} for n in after}}
        log.record(EventKind.ACCOUNT_CHANGED, actor=actor, account=key.account, detail=detail)


def check_key(key: ApiKey, *, actor: Actor) -> key_checks.KeyCheck:
    """Try what a key may do, without changing anything at ImageKit. Trouble is the answer, not an exception."""
    check = key_checks.probe(lambda: _client_with(key), kind=key.kind)
    _note_check(key, check, actor=actor)
    return check


def client_for(account: Account, purpose: KeyPurpose = KeyPurpose.READ) -> ImageKitClient:
    """A client that speaks with the account's key for this purpose.

    Raises Refused when it has none or its address is not allowed. Only the worker that deletes and purges asks for
    KeyPurpose.DELETE; reading takes a read-only key where there is one.
    """
    key = account.api_keys.all().for_purpose(purpose).first()
    if key is None:
        raise _no_key(account, purpose)
    client = _client_with(key)
    _stamp(key)
    return client


def best_key_id(account: Account, purpose: KeyPurpose) -> int | None:
    """The number of the key that client_for would take now; None when there is none."""
    return account.api_keys.all().for_purpose(purpose).values_list("pk", flat=True).first()


def erase_retired() -> int:
    """Erase the secrets of keys whose overlap is over. Returns how many; run by every worker now and then."""
    return ApiKey.objects.retired().exclude(ciphertext="").update(ciphertext="")


@sensitive_variables()
def clean_key(private_key: str) -> str:
    """The key without space, quotes or a variable's name around it. Raises WrongUse, never quoting it."""
    private_key = private_key.strip().lstrip("\ufeff")
    if assigned := _ASSIGNED.fullmatch(private_key):
        private_key = assigned[1]
    if len(private_key) > 1 and (private_key[0], private_key[-1]) in QUOTES:
        private_key = private_key[1:-1].strip()
    if not private_key:
        raise WrongUse(_("The private key is empty."))
    if private_key.startswith("public_"):
        raise WrongUse(_("That is the public key. medialib needs the private one; it begins with “private_”."))
    if len(private_key) > MAX_KEY_LENGTH or not PRIVATE_KEY.fullmatch(private_key):
        raise WrongUse(
            _("That is not a private key: it is too long, or has spaces, line breaks, colons or foreign letters.")
        )
    return private_key


@sensitive_variables()
def _client_with(key: ApiKey) -> ImageKitClient:
    return _client(vault.decrypt(key.ciphertext), key.account)


@sensitive_variables()
def _client(private_key: str, account: Account) -> ImageKitClient:
    addresses.clean(account.api_url, what=addresses.API)  # The setting may have become stricter since.
    addresses.refuse_foreign(account.api_url, what=addresses.API)
    addresses.refuse_private(account.api_url, what=addresses.API)
    return ImageKitClient(
        private_key,
        api_url=account.api_url,
        connect_timeout_s=settings.IMAGEKIT_CONNECT_TIMEOUT_S,
        read_timeout_s=settings.IMAGEKIT_READ_TIMEOUT_S,
        peer_allowed=addresses.is_allowed_peer,
    )


@sensitive_variables()
def _refuse_stranger(private_key: str, account: Account) -> None:
    """Raises Refused when the key knows no file of the account's index: it may open another ImageKit account.

    With it a job would call files gone that exist. An account whose index is empty takes any key.
    """
    file_ids = key_checks.witnesses(account)
    if not file_ids:
        return
    try:
        with _client(private_key, account) as client:
            is_known = key_checks.knows_any(client, file_ids)
    except ImageKitError as error:
        raise Refused(_("The key could not be tried, so it was not taken: %(cause)s"), cause=in_words(error)) from None
    if not is_known:
        raise Refused(
            _("This key knows none of the account's files; it may open another ImageKit account. It was not taken.")
        )


def _no_key(account: Account, purpose: KeyPurpose) -> Refused:
    if purpose == KeyPurpose.DELETE and account.api_keys.all().usable().exists():
        text = _("The account “%(account)s” has no key that may delete. Add a read and write key in the admin.")
        return Refused(text, account=account)
    return Refused(NO_KEY, account=account)


def _require_active(key: ApiKey) -> None:
    if not key.is_active:
        raise Refused(_("The key %(key)s is retired already."), key=key)


def _refuse_needed(key: ApiKey) -> None:
    others = key.account.api_keys.all().for_purpose(KeyPurpose.DELETE).exclude(pk=key.pk)
    if key.kind != KeyKind.READ_WRITE or others.exists():
        return
    needing = DeletionJob.objects.active().filter(account_id=key.account_id).order_by("pk")
    if job := needing.first():
        if more := needing.count() - 1:
            raise Refused(NEEDED_BY_MORE, number=job.pk, more=more, why=ONLY_KEY)
        raise Refused(_("Job %(number)s still needs this key: %(why)s"), number=job.pk, why=ONLY_KEY)


def _retire(key: ApiKey, *, at: datetime, actor: Actor) -> None:
    """The secret of a key that ends now goes now; a later one is erased by a worker, and not used until then."""
    is_over = at <= now()
    key.retired_at, key.ciphertext = at, "" if is_over else key.ciphertext
    key.save(update_fields=["retired_at", "ciphertext"])
    detail = _shown(key) if is_over else _shown(key) | {"usable_until": _text(at)}
    log.record(EventKind.KEY_RETIRED, actor=actor, account=key.account, detail=detail)


def _note_check(key: ApiKey, check: key_checks.KeyCheck, *, actor: Actor) -> None:
    key.checked_at, key.may_write = now(), check.may_write
    key.save(update_fields=["checked_at", "may_write"])
    detail = {
        "key": str(key),
        "is_ok": check.is_ok,
        "message": in_english(check.message),
        "request_id": check.request_id,
    }
    log.record(EventKind.KEY_CHECKED, actor=actor, account=key.account, detail=detail | {"may_write": check.may_write})


def _stamp(key: ApiKey) -> None:
    """Note the use, at most once a minute: a note is not worth a write for each call."""
    limit = now() - STAMP_EVERY
    if key.last_used_at is None or key.last_used_at < limit:
        with transaction.atomic():
            won = ApiKey.objects.filter(pk=key.pk).used_before(limit).update(last_used_at=now())
            if won and key.last_used_at is None:
                log.record(EventKind.KEY_FIRST_USED, account=key.account, detail=_shown(key))


def _shown(key: ApiKey) -> dict[str, Any]:
    return {"key": str(key), "kind": key.kind, "label": key.label}


def _text(value: Any) -> str:
    return localtime(value).isoformat() if isinstance(value, datetime) else str(value or "")
