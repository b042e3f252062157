"""Sentences of this client that others may say in another language: English that remembers what it was made of."""

from __future__ import annotations

from typing import Self


def gettext_noop(template: str) -> str:
    """Marks a sentence for translators. This package itself speaks English."""
    return template


class Words(str):
    """The English sentence; `template` and `params` are what it was made of. Parameters may be Words themselves."""

    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> Self:
        made = super().__new__(cls, template % params if params else template)
        made.template, made.params = template, params
        return made
