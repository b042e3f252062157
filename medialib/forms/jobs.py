"""Input of the review and job pages, parsed into plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from medialib.errors import WrongUse
from medialib.forms.controls import style
from medialib.models import Outcome
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit.log import MAX_REASON
from medialib.services.deletion import purge
from medialib.services.jobs.pages import UNSETTLED, FilesQuery, JobsQuery
from medialib.services.manifests.changes import Change
from medialib.services.manifests.plan import DeletionPlan

SPEEDS = (100, 75, 50, 25, 10)
JOB_VIEWS = [
    ("", gettext_lazy("All")),
    ("active", gettext_lazy("Under way")),
    ("attention", gettext_lazy("Needs attention")),
    ("finished", gettext_lazy("Finished")),
]
_SEPARATORS = str.maketrans("", "", ",.'’ \u00a0\u2009\u202f_")


def _typed_count_field(**attributes: Any) -> forms.CharField:
    """For the number of files, typed by hand; its label says which."""
    return forms.CharField(
        max_length=40,
        error_messages={"required": gettext_lazy("Type the number of files, so that nobody deletes more than meant.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", **attributes}),
    )


def _typed(text: str, file_count: int) -> int:
    """Raises ValidationError for another number, however its thousands are set apart."""
    if text.translate(_SEPARATORS) != str(file_count):
        raise forms.ValidationError(_("Type exactly %(count)s, the number of files above.") % {"count": file_count})
    return file_count


class ConfirmForm(forms.Form):
    """Asks more of a person the more is at stake: a tick, or the number of files typed by hand."""

    reason = forms.CharField(
        label=gettext_lazy("Why are these files deleted?"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Write the reason: it stays in the audit log when the files are gone.")
        },
    )
    purge_cache = forms.BooleanField(
        label=gettext_lazy("Also purge the deleted addresses from the CDN"), required=False
    )
    understood = forms.BooleanField(
        label="", error_messages={"required": gettext_lazy("Tick this box to confirm that the files go for ever.")}
    )
    seen_copies_days = forms.IntegerField(required=False, widget=forms.HiddenInput)
    typed_count = _typed_count_field()
    account_name = forms.CharField(
        max_length=100,
        error_messages={"required": gettext_lazy("Type the name of the account, so that no other one is emptied.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, plan: DeletionPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest = plan.manifest
        self.fields["purge_cache"].disabled = manifest.file_count > purge.quota(manifest.account).left
        self.fields["typed_count"].label = _("Type the number of files: %(count)s") % {"count": manifest.file_count}
        expected = {"name": manifest.account.name}
        self.fields["account_name"].label = _("Type the name of the account: %(name)s") % expected
        self.initial["seen_copies_days"] = manifest.account.keep_copies_days or 0
        del self.fields["understood" if plan.must_type_number else "typed_count"]
        if not manifest.empties_library:
            del self.fields["account_name"]
        style(self)
        for name in [name for name in self.fields if name in self.errors][:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def clean_typed_count(self) -> int:
        return _typed(self.cleaned_data["typed_count"], self.manifest.file_count)

    def clean_account_name(self) -> str:
        expected = self.manifest.account.name
        if self.cleaned_data["account_name"] != expected:
            raise forms.ValidationError(_("Type exactly %(name)s, the account's name.") % {"name": expected})
        return expected


class ShownForm(forms.Form):
    """How many selected files the person saw beside the button."""

    file_count = forms.IntegerField(min_value=0, max_value=MAX_INTEGER)

    def read(self) -> int:
        """Raises WrongUse."""
        if not self.is_valid():
            raise WrongUse(_("The page did not say how many files it showed as selected. Load it again."))
        return int(self.cleaned_data["file_count"])


class AgainForm(forms.Form):
    """Asks for the number of files once more before a large job starts, continues or is tried again."""

    typed_count = _typed_count_field(autofocus=True)

    def __init__(self, *args: Any, file_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file_count = file_count
        self.fields["typed_count"].label = _("Type the number of files: %(count)s") % {"count": file_count}
        style(self)

    def clean_typed_count(self) -> int:
        return _typed(self.cleaned_data["typed_count"], self.file_count)


class ListedForm(forms.Form):
    """Where the page of a frozen list begins."""

    after = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)

    def read(self) -> int | None:
        self.is_valid()
        return self.cleaned_data.get("after")


@dataclass(frozen=True)
class SmallerWish:
    """Which files a person takes out of a list, and why."""

    reason: str
    without: list[Change]
    file_ids: list[str]


class SmallerForm(forms.Form):
    without = forms.MultipleChoiceField(choices=Change.choices, required=False)
    file_id = forms.Field(widget=forms.MultipleHiddenInput, required=False)
    reason = forms.CharField(required=False)

    def read(self) -> SmallerWish:
        """Raises WrongUse for a change that there is not; who asks for no file at all is told by the service."""
        if not self.is_valid():
            raise WrongUse(_("The page did not say which files to take out. Load it again."))
        given = self.cleaned_data
        return SmallerWish(given["reason"], list(map(Change, given["without"])), list(given["file_id"] or ()))


class ControlForm(forms.Form):
    """What a person asks of a running job."""

    percent = forms.TypedChoiceField(coerce=int, choices=[(speed, f"{speed} %") for speed in SPEEDS])


class SampleForm(forms.Form):
    """Which random sample is shown; "another sample" is a link with another seed."""

    sample = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)

    def seed(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("sample") or 0


class JobListForm(forms.Form):
    state = forms.ChoiceField(choices=JOB_VIEWS, required=False)
    account = forms.CharField(max_length=60, required=False)
    older_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)

    def query(self) -> JobsQuery:
        """Fields that make no sense count as not given: nothing is deleted from this list."""
        self.is_valid()
        given = self.cleaned_data
        return JobsQuery(given.get("state") or "", given.get("account") or "", given.get("older_than"))


class JobFilesForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("", "all"), *Outcome.choices, (UNSETTLED, "left")], required=False)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def query(self) -> FilesQuery:
        self.is_valid()
        return FilesQuery(self.cleaned_data.get("outcome") or "", self.cleaned_data.get("after"))


class ProgressForm(forms.Form):
    """What the watching page showed when it asked again."""

    shown = forms.CharField(max_length=60, required=False)

    def was_shown(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("shown") or ""


class TrayForm(forms.Form):
    """The jobs that the tray showed when it asked again, as "12.15"."""

    watched = forms.RegexField(r"^\d{1,12}(\.\d{1,12}){0,9}$", required=False)
    shown = forms.BooleanField(required=False)
    quiet = forms.BooleanField(required=False)

    def job_ids(self) -> list[int]:
        self.is_valid()
        return [int(part) for part in (self.cleaned_data.get("watched") or "").split(".") if part]

    def was_shown(self) -> bool:
        self.is_valid()
        return bool(self.cleaned_data.get("shown"))

    def was_quiet(self) -> bool:
        """Whether no job was under way when the page asked last."""
        self.is_valid()
        return bool(self.cleaned_data.get("quiet"))
