"""Errors whose text is written for the person who asked.

MedialibError            one clear sentence; the command line exits with 1, a page shows it
└── WrongUse             the request itself is wrong; the command line exits with 2
    ├── UnknownAccount
    └── ManifestChanged  the frozen files are not the ones the caller expected
Refused                  (a MedialibError) the request is right but may not be done now
└── NotAllowed           by this person, or not there
"""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.formats import number_format
from django.utils.functional import lazy

# Numbers and other errors as `params`: written and said when somebody reads them, in the reader's language.
grouped = lazy(lambda number: number_format(number, force_grouping=True), str)
said = lazy(str, str)


def in_english(text: object) -> str:
    """A sentence as the record keeps it: in English, whatever the language of the page."""
    with translation.override("en"):
        return str(text)


class MedialibError(Exception):
    """Something that could not be done, said in one sentence that a person understands.

    `message` is a sentence for gettext_lazy, and `params` fill its %(names)s: the text is put together when somebody
    reads it, in the reader's language. Log and command line read it in English.
    """

    def __init__(self, message: Any = "", **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return str(self.message % self.params if self.params else self.message)


class WrongUse(MedialibError):
    """The request can never be right."""


class UnknownAccount(WrongUse):
    """No account has this name."""


class ManifestChanged(WrongUse):
    """The frozen manifest does not hold what the caller expected."""


class Refused(MedialibError):
    """The request is well formed, but it may not be done now."""


class NotAllowed(Refused):
    """The person who asks may not do it, or not there."""
