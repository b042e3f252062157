"""The admin's forms for people and groups: nobody grants more than they have themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import Permission, User


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


def holds_all(person: User, permissions: Iterable[Permission]) -> bool:
    return all(person.has_perm(f"{one.content_type.app_label}.{one.codename}") for one in permissions)
