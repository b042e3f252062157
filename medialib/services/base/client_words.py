"""What ImageKit's client says, in the reader's language. ImageKit's own words within it stay as they came."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import gettext

from medialib.imagekit.errors import ImageKitError
from medialib.imagekit.words import Words


def in_words(error: ImageKitError) -> str:
    """The error's sentence, put together when somebody reads it."""
    return _sentence(error)


def as_part(error: ImageKitError) -> str:
    """The same without its full stop, to stand in a sentence of ours."""
    return _part(error)


def _said(words: object) -> str:
    if not isinstance(words, Words):
        return str(words)
    params = {name: _said(value) for name, value in words.params.items()}
    return gettext(words.template) % params if params else gettext(words.template)


_sentence = lazy(lambda error: _said(error.args[0]), str)
_part = lazy(lambda error: _said(error.args[0]).rstrip("."), str)
