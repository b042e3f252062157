"""The admin's forms for people and groups: nobody grants more than they have themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, Permission, User

# What Django calls its own permissions.
ACTIONS = {
    "add": _("Can add %(name)s"),
    "change": _("Can change %(name)s"),
    "delete": _("Can delete %(name)s"),
    "view": _("Can view %(name)s"),
}


class PersonForm(UserChangeForm):
    viewer: User  # Set on the class that the admin makes for one request.

    def clean_groups(self) -> Any:
        groups = self.cleaned_data["groups"]
        there = set(self.instance.groups.all()) if self.instance.pk else set()
        for group in set(groups) - there:
            if not holds_all(self.viewer, group.permissions.all()):
                message = _("Only somebody who may do all that the group “%(group)s” may can put people into it.")
                raise forms.ValidationError(message, params={"group": group.name})
        return groups


class GroupForm(forms.ModelForm):
    viewer: User  # As above.

    def clean_permissions(self) -> Any:
        permissions = self.cleaned_data["permissions"]
        there = set(self.instance.permissions.all()) if self.instance.pk else set()
        if not holds_all(self.viewer, set(permissions) - there):
            raise forms.ValidationError(_("You can give a group only what you may do yourself."))
        return permissions


def permission_words(permission: Permission) -> str:
    """As Django writes it, but in the reader's language: it keeps the names of permissions in the database."""
    model = permission.content_type.model_class()
    action, _by, of = permission.codename.partition("_")
    if action in ACTIONS and model and of == model._meta.model_name:
        what = str(ACTIONS[action]) % {"name": model._meta.verbose_name}
    else:
        what = gettext(permission.name)
    return f"{permission.content_type.app_labeled_name} | {what}"


def group_words(group: Group) -> str:
    """The ready-made groups in the reader's language, others by their name."""
    return gettext(group.name)


def holds_all(person: User, permissions: Iterable[Permission]) -> bool:
    return all(person.has_perm(f"{one.content_type.app_label}.{one.codename}") for one in permissions)
