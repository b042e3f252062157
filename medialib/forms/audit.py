"""Input of the audit log's chart and query bar, parsed into plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from medialib.forms.controls import style
from medialib.models import Account, EventKind, Outcome
from medialib.models.query.kinds.base import MAX_TEXT
from medialib.models.query.units import zone_name, zone_named
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit.chart import ChartQuery, days_visible_to
from medialib.services.audit.search import AuditFilter

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_OFFERED = 50
WORDS = ("actor", "account", "event", "outcome", "job", "path", "file", "after", "before", "zone")
# word:value or word:"a value with spaces", or a bare piece, which is taken for a part of a path.
PIECE = re.compile(r'(?:(?P<word>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')


class AuditFilterForm(forms.Form):
    """The whole state of the audit list is in the URL, so every field is optional and named as there."""

    actor = forms.CharField(label=_("Who"), max_length=150, required=False)
    account = forms.CharField(label=_("Account"), max_length=60, required=False, widget=forms.Select)
    event = forms.ChoiceField(
        label=_("Event"),
        choices=[("", _("any event")), *EventKind.choices],
        required=False,
    )
    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", _("any outcome")), *Outcome.choices], required=False)
    job = forms.IntegerField(label=_("Job"), min_value=1, max_value=MAX_INTEGER, required=False)
    path = forms.CharField(label=_("Path"), max_length=MAX_TEXT, required=False)
    file = forms.CharField(label=_("File id"), max_length=64, required=False)
    after = forms.DateField(label=_("From ({zone})"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    before = forms.DateField(label=_("Until ({zone})"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    zone = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        given = self.data.get("zone", "")
        self.days_zone = given if zone_named(given) else zone_name()
        for name in ("after", "before"):
            self.fields[name].label = str(self.fields[name].label).format(zone=self.days_zone)
        chosen = self.data.get("account", "")
        names = {chosen, *Account.objects.visible_to(viewer).values_list("name", flat=True)} - {""}
        self.fields["account"].widget.choices = [
            ("", _("any account")),
            *((name, name) for name in sorted(names)),
        ]
        style(self)

    def clean_zone(self) -> str:
        name: str = self.cleaned_data["zone"]
        if name and zone_named(name) is None:
            raise forms.ValidationError(_("There is no time zone named “%(name)s”."), params={"name": name})
        return name

    def audit_filter(self) -> AuditFilter:
        """The filter; call after is_valid(). Its days are those of the zone in the address, else of the reader's."""
        has_days = self.cleaned_data["after"] or self.cleaned_data["before"]
        return AuditFilter(**{**self.cleaned_data, "zone": self.days_zone if has_days else ""})


class PlaceForm(forms.Form):
    """Where a keyset page starts."""

    older_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)
    newer_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)

    def place(self) -> dict[str, int | None]:
        """A place that is not a number means the beginning."""
        self.is_valid()
        return {"before": self.cleaned_data.get("older_than"), "after": self.cleaned_data.get("newer_than")}


class EveryForm(forms.Form):
    """Whether each event is listed, or jobs as one row each."""

    every = forms.BooleanField(required=False)

    def is_on(self) -> bool:
        self.is_valid()
        return bool(self.cleaned_data.get("every"))


class BatchesForm(forms.Form):
    """With which batch a page of them begins."""

    start = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def first(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("start") or 0


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=[("csv", "CSV"), ("jsonl", _("JSON lines"))])


class FindFileForm(forms.Form):
    q = forms.CharField(label=_("Path or file id"), max_length=1_000)


class ChartForm(forms.Form):
    """Everything is optional, and nonsense counts as not given: nothing is changed from here."""

    by = forms.ChoiceField(label=_("By"), choices=[("outcome", _("outcome")), ("actor", _("person"))], required=False)
    measure = forms.ChoiceField(
        label=_("Count"), choices=[("files", _("files")), ("size_bytes", _("bytes"))], required=False
    )
    account = forms.CharField(label=_("Account"), max_length=60, required=False, widget=forms.Select)
    after = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    before = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}), required=False)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Account.objects.visible_to(viewer).order_by("name").values_list("name", flat=True)
        self.fields["account"].widget.choices = [("", _("any account")), *((name, name) for name in names)]
        style(self)

    def chart_query(self) -> ChartQuery:
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return ChartQuery(**given)


def parse_query(text: str) -> dict[str, str]:
    """The fields of an AuditFilterForm from a line such as `actor:kim path:/brand/ outcome:failed after:2026-01-31`.

    An unknown word is not a filter: it is looked for in paths, as it stands, so that nothing is silently dropped.
    """
    fields: dict[str, str] = {}
    for piece in PIECE.finditer(text):
        word, value = piece["word"], piece["quoted"] if piece["quoted"] is not None else piece["plain"]
        if word in WORDS:
            fields[word] = value
        else:
            fields["path"] = " ".join(filter(None, [fields.get("path", ""), piece[0].strip('"')]))
    return fields


def as_one_file(text: str) -> str:
    """The path or id that a line consists of; empty for one that names a field, as a filter does."""
    text = text.strip()
    has_words = any(piece["word"] in WORDS for piece in PIECE.finditer(text))
    return "" if has_words else text.strip('"')


def as_query(fields: dict[str, Any]) -> str:
    """The line that means these fields: what the query bar shows for a filter. The reader's own zone goes unsaid."""
    said = {**fields, "zone": "" if fields.get("zone") == zone_name() else fields.get("zone", "")}
    texts = {name: str(value) for name, value in said.items() if value not in ("", None)}
    return " ".join(f'{name}:"{text}"' if re.search(r"\s", text) else f"{name}:{text}" for name, text in texts.items())


def completions(form: AuditFilterForm) -> list[str]:
    """What the query bar offers: each word, with its values where there are few."""
    accounts = [name for name, _label in form.fields["account"].widget.choices][:MOST_OFFERED]
    days = days_visible_to(form.viewer).order_by("actor_name")
    people = days.values_list("actor_name", flat=True).distinct()[:MOST_OFFERED]
    values: dict[str, Iterable[str]] = {
        "actor": people, "account": accounts, "event": EventKind.values, "outcome": Outcome.values,
    }  # fmt: skip
    offered = [as_query({word: value}) for word, known in values.items() for value in known if value]
    return [*offered, *(f"{word}:" for word in WORDS if word not in values)]
