"""Input of the pages around the library list: saved views and lists to import."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from medialib.errors import WrongUse
from medialib.forms.library import MAX_ADDRESS, ListQuery


@dataclass(frozen=True)
class ViewToSave:
    name: str
    list_query: ListQuery
    is_shared: bool


class SavedViewForm(forms.Form):
    """Either a name for the present list, or the number of a view to forget."""

    name = forms.CharField(required=False, max_length=200)
    is_shared = forms.BooleanField(required=False)
    query = forms.CharField(required=False, max_length=MAX_ADDRESS, strip=False)
    forget = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    @property
    def view_to_forget(self) -> int | None:
        return self.cleaned_data.get("forget") if self.is_valid() else None

    def read(self) -> ViewToSave:
        """Raises WrongUse."""
        if not self.is_valid():
            raise WrongUse(" ".join(str(error) for errors in self.errors.values() for error in errors))
        data = self.cleaned_data
        return ViewToSave(data["name"], ListQuery.from_query(QueryDict(data["query"])), data["is_shared"])


class ListImportForm(forms.Form):
    """A pasted list or a file; of both, the file."""

    pasted = forms.CharField(required=False, strip=False)
    file = forms.FileField(required=False)
    is_replacing = forms.BooleanField(required=False)

    def content(self) -> BinaryIO:
        """Raises WrongUse."""
        if not self.is_valid():
            raise WrongUse(" ".join(str(error) for errors in self.errors.values() for error in errors))
        given = self.cleaned_data.get("file")
        pasted = str(self.cleaned_data["pasted"])
        if not given and not pasted.strip():
            raise WrongUse(_("Paste a list or choose a file first."))
        return cast("BinaryIO", given.file) if given else BytesIO(pasted.encode())
