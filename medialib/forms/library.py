"""All input of the library pages is parsed here, into plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models import Account
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetCursor, AssetSort
from medialib.models.sql import MAX_INTEGER

MAX_ADDRESS = 150_000  # Letters of the query of a list: a path of 12,000 letters, each of them written as %E4%B8%AD.


@dataclass(frozen=True)
class ListQuery:
    """What a library address asks for: which files, in which order, from where on, and which file in the panel."""

    filter: AssetFilter
    sort: AssetSort
    after: AssetCursor | None = None
    before: AssetCursor | None = None
    panel: str = ""

    @classmethod
    def from_query(cls, data: QueryDict) -> ListQuery:
        """Raises WrongUse for an unknown filter, order or place: a wrong list is worse than none."""
        sort = AssetSort.from_query(data)
        after, before = (_cursor(data.get(key), sort) for key in ("after", "before"))
        return cls(AssetFilter.from_query(data), sort, after, None if after else before, data.get("panel", ""))

    def query(self, **changes: str) -> str:
        """The query string of the same list, with `changes` such as after=… or sort=…; without them its first page."""
        sort = "" if self.sort == AssetSort.NEWEST else self.sort.value
        pairs = {key: value for key, value in ({"sort": sort} | changes).items() if value}
        return "&".join(filter(None, [self._filter_query, urlencode(pairs)]))

    @cached_property
    def _filter_query(self) -> str:
        return self.filter.to_query()  # A page links to its list some forty times.


def _cursor(text: str | None, sort: AssetSort) -> AssetCursor | None:
    return AssetCursor.from_text(text, sort) if text else None


class SelectionChangeForm(forms.Form):
    """One change of what is ticked. `query` is the filter of the list that the person looks at."""

    ADD, REMOVE, PAGE, ALL, CLEAR = "add", "remove", "page", "all", "clear"

    action = forms.ChoiceField(choices=[(action, action) for action in (ADD, REMOVE, PAGE, ALL, CLEAR)], required=False)
    query = forms.CharField(required=False, max_length=MAX_ADDRESS, strip=False)
    shown = forms.CharField(required=False, max_length=4000)
    whole_account = forms.CharField(required=False, max_length=60)

    def __init__(self, data: QueryDict, *, account: Account) -> None:
        super().__init__(data)
        self.data: QueryDict = data
        self.account = account

    def clean_shown(self) -> set[int]:
        """Ids of the rows on the page: those of them that are not ticked are taken out."""
        return _ids(self.cleaned_data["shown"].split(","))

    def clean_query(self) -> ListQuery:
        try:
            return ListQuery.from_query(QueryDict(self.cleaned_data["query"]))
        except WrongUse as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["assets"] = _ids(self.data.getlist("asset"))
        if cleaned.get("whole_account"):
            cleaned |= {"action": self.ALL, "filter": self._whole_account(cleaned["whole_account"])}
        elif cleaned.get("action") == self.ALL:
            cleaned["filter"] = self._filter_of_the_list(cleaned.get("query"))
        elif not cleaned.get("action"):
            raise forms.ValidationError(_("The page did not say what to do; reload it."))
        return cleaned

    def _whole_account(self, name: str) -> AssetFilter:
        """Everything is only meant when the button that names the account was pressed, never by an empty filter."""
        if name != self.account.name:
            raise forms.ValidationError(
                _("That button belongs to %(button)s, this page to %(page)s."),
                params={"button": name, "page": self.account.name},
            )
        return AssetFilter(folder="/", subfolders=True)

    def _filter_of_the_list(self, list_query: ListQuery | None) -> AssetFilter:
        if list_query is None or not list_query.filter:
            raise forms.ValidationError(_("No filter is set, so nothing was selected. Name what you mean."))
        return list_query.filter

    @property
    def list_query(self) -> ListQuery | None:
        """The list that the person looks at, when its address can be understood."""
        self.is_valid()
        return self.cleaned_data.get("query")

    def complaint(self) -> str:
        """What is wrong, in one line."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


def _ids(texts: Iterable[str]) -> set[int]:
    try:
        ids = {int(text) for text in texts if text}
    except ValueError:
        raise forms.ValidationError(_("The files are not named by their numbers; reload the page.")) from None
    if any(not 0 < each <= MAX_INTEGER for each in ids):
        raise forms.ValidationError(_("The files are not named by their numbers; reload the page."))
    return ids


class SyncProgressForm(forms.Form):
    """How often the badge has asked, and which run was the latest before it did."""

    asking = forms.IntegerField(min_value=0, max_value=999, required=False)
    after = forms.IntegerField(min_value=0, required=False)

    @dataclass(frozen=True)
    class Asked:
        asking: int
        after: int

    def read(self) -> Asked:
        """Nonsense counts as nothing: this address is only ever called by our own page."""
        self.is_valid()
        return self.Asked(self.cleaned_data.get("asking") or 0, self.cleaned_data.get("after") or 0)


class AcceptRemovalsForm(forms.Form):
    """How many files the person was asked about."""

    file_count = forms.IntegerField(min_value=1, max_value=MAX_INTEGER)

    def read(self) -> int:
        """0 for anything that our own page does not send: no run asks about that."""
        return self.cleaned_data["file_count"] if self.is_valid() else 0
