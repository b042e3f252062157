"""Ready-made groups for the usual duties, so that a new installation need not put permissions together first."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

DUTIES = {
    "view_library": "Can browse the library",
    "delete_files": "Can delete files at ImageKit",
    "restore_files": "Can restore deleted files from their copies",
    "destroy_copies": "Can destroy copies of deleted files",
    "approve_deletions": "Can approve what others want to delete",
    "view_audit": "Can read the audit log",
    "manage_keys": "Can add and change accounts and their keys",
    "view_account": "Can view account",
    "add_account": "Can add account",
    "change_account": "Can change account",
}
KEY_DUTIES = {"view_apikey": "Can view API key", "add_apikey": "Can add API key", "change_apikey": "Can change API key"}
GROUPS = {
    gettext_noop("Viewer"): ["view_library"],
    gettext_noop("Deleter"): ["view_library", "delete_files", "restore_files"],
    gettext_noop("Auditor"): ["view_library", "view_audit"],
    gettext_noop("Approver"): ["view_library", "view_audit", "approve_deletions"],
    gettext_noop("Key manager"): [
        *("view_library", "manage_keys", "destroy_copies", "view_account", "add_account", "change_account"),
        *KEY_DUTIES,
    ],
}


def add_groups(apps: Any, alias: str) -> None:
    """Make the groups, or give them back what they lack. `apps`: the real registry, or a migration's."""
    permissions = _permissions(apps, alias, "account", DUTIES) | _permissions(apps, alias, "apikey", KEY_DUTIES)
    for name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=name)
        group.permissions.add(*(permissions[codename] for codename in codenames))


def _permissions(apps: Any, alias: str, model: str, names: dict[str, str]) -> dict[str, Any]:
    """Django makes permissions only after all migrations; made here, they are found and left as they are."""
    types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    content_type, _ = types.get_or_create(app_label="medialib", model=model)
    manager = apps.get_model("auth", "Permission").objects.using(alias)
    return {
        codename: manager.get_or_create(content_type=content_type, codename=codename, defaults={"name": name})[0]
        for codename, name in names.items()
    }


def remove_groups(apps: Any, alias: str) -> None:
    apps.get_model("auth", "Group").objects.using(alias).filter(name__in=GROUPS).delete()
