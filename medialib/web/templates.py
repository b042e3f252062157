"""Loads our templates without the indentation that only people who write them need: a tenth of a page was blanks."""

from __future__ import annotations

import re

from django.template import Origin
from django.template.loaders.filesystem import Loader

# What has to stay as it is written: texts that are looked up in a catalogue, and what people typed.
VERBATIM = re.compile(
    r"({%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}|<(?:pre|textarea)\b.*?</(?:pre|textarea)>)", re.DOTALL
)
BREAK = re.compile(r"\s*\n\s*")
# Alone on its line: the break before it is enough to part what stands around it.
ALONE = re.compile(r"(^|\n)({%\s*(?:if|elif|else|endif|for|empty|endfor|with|endwith|load)\b(?:(?!%}).)*%})\n")


class TrimmedLoader(Loader):
    """Of the templates in DIRS; those of other applications are theirs."""

    def get_contents(self, origin: Origin) -> str:
        return trimmed(super().get_contents(origin))


def trimmed(source: str) -> str:
    """The template with one line break wherever there were several or blanks around it."""
    parts = VERBATIM.split(source)
    return "".join(part if number % 2 else _trimmed_part(part) for number, part in enumerate(parts))


def _trimmed_part(text: str) -> str:
    text = BREAK.sub("\n", text)
    while (shorter := ALONE.sub(r"\1\2", text)) != text:
        text = shorter
    return text
