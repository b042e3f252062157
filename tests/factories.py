"""The smallest valid rows. A test states the values that matter to it and leaves the rest to these."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Permission, User
from django.utils.timezone import now

from medialib.models import (
    Account,
    ApiKey,
    Asset,
    AssetKind,
    ListImport,
    Membership,
    NoticeRoute,
    ProtectionKind,
    ProtectionRule,
)
from medialib.services.accounts import vault

EVERY_PERMISSION = ("view_library", "delete_files", "delete_whole_library", "view_audit", "manage_keys")
EVERY_PERMISSION += ("restore_files", "destroy_copies")
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def user(
    username: str = "",
    *,
    is_staff: bool = True,
    permissions: tuple[str, ...] = (),
    is_member: bool = True,
    **fields: Any,
) -> User:
    """A person with the named permissions of medialib and no password, a member of every account."""
    person = User.objects.create(username=username or f"person-{next(_numbers)}", is_staff=is_staff, **fields)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="medialib", codename__in=permissions))
    if is_member:
        membership(person)
    return person


def membership(user: User, account: Account | None = None, **fields: Any) -> Membership:
    """Of every account, with the right to delete, unless told otherwise."""
    return Membership.objects.create(user=user, account=account, **{"may_delete": True} | fields)


def account(name: str = "", **fields: Any) -> Account:
    name = name or f"account-{next(_numbers)}"
    return Account.objects.create(name=name, **{"url_endpoint": f"https://ik.imagekit.io/{name}"} | fields)


def asset(account: Account, path: str = "", **fields: Any) -> Asset:
    """A picture of one kilobyte, unless the fields say otherwise."""
    number = next(_numbers)
    path = path or f"/pictures/picture-{number:04}.jpg"
    folder, _, name = path.rpartition("/")
    smallest = {
        "file_id": f"file_{number:06}",
        "name": name,
        "path": path,
        "folder": folder or "/",
        "kind": AssetKind.IMAGE,
        "format": name.rpartition(".")[2].lower(),
        "mime": "image/jpeg",
        "size_bytes": 1024,
        "url": f"{account.url_endpoint}{path}",
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    return Asset.objects.create(account=account, **smallest | fields)


def api_key(account: Account, *, private_key: str = "private_factory_key", **fields: Any) -> ApiKey:
    """A stored key that nobody has tried: no file of the index is asked for."""
    return ApiKey.objects.create(
        account=account, **{"ciphertext": vault.encrypt(private_key), "last_four": private_key[-4:]} | fields
    )


def protection(account: Account, **fields: Any) -> ProtectionRule:
    """A rule for a folder that holds nothing, added by nobody in particular."""
    smallest = {"kind": ProtectionKind.FOLDER, "value": "/kept/", "reason": "needed", "added_at": now()}
    return ProtectionRule.objects.create(account=account, **smallest | fields)


def list_import(account: Account, owner: User, **fields: Any) -> ListImport:
    """The report of a list of one line that matched nothing."""
    return ListImport.objects.create(account=account, owner=owner, **{"line_count": 1, "not_found": 1} | fields)


def notice_route(user: User, **fields: Any) -> NoticeRoute:
    """By mail, which tests keep to themselves."""
    return NoticeRoute.objects.create(user=user, **{"channel": "mail", "language": "en", "added_at": LONG_AGO} | fields)
