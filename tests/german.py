"""Finds what a page says in English to somebody who reads German."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, NavigableString
from django.conf import settings

CATALOGUE = Path(settings.BASE_DIR) / "locale" / "de" / "LC_MESSAGES" / "django.po"
# Attributes that are read out or shown, or that a script puts where people read them.
SPOKEN = (
    *("title", "aria-label", "placeholder", "alt", "data-announce", "data-busy-label", "data-unsaved", "data-nothing"),
    *("data-copied", "data-not-copied", "data-is-back", "aria-description", "label", "summary"),
)
# What is recorded or typed stays as it is: proof and examples, not interface.
UNTOUCHED = ("script", "style", "code", "kbd", "textarea", "template", "[lang=en]")
# Words without which hardly any English sentence does, and that German does not have.
ENGLISH = {
    *("the", "and", "of", "with", "is", "are", "to", "for", "were", "has", "have", "had", "this", "that", "these"),
    *("you", "your", "from", "by", "be", "or", "its", "it", "been", "which", "who", "can", "cannot", "but", "there"),
    *("they", "them", "than", "then", "only", "every", "each", "nothing", "does", "do", "without", "again", "any"),
    *("all", "yet", "here", "our", "their", "whose", "what", "how", "because", "since", "until"),
}
# Addresses, and words that people type, are the same in every language: `outcome:failed AND NOT tag:keep`.
TYPED = re.compile(r"https?://\S+|\b[A-Z]{2,}\b|\b\w+:(?=\S|\s|$)")
PLACE = re.compile(r"%\(\w+\)s|{\w+}|%s|%d")
QUOTED = r'(".*(?:\n".*)*)'
MSGSTR = rf"msgstr(?:\[\d\])? {QUOTED}"
ENTRY = re.compile(
    rf"^msgid {QUOTED}\n(?:msgid_plural {QUOTED}\n)?((?:msgstr(?:\[\d\])? \".*(?:\n\".*)*\n?)+)", re.MULTILINE
)


def _joined(quoted: str) -> str:
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)
    return "".join(pieces).replace('\\"', '"').replace("\\n", "\n")


@cache
def _english_texts() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Texts of the catalogue whose German differs: those without places, and patterns of those with some."""
    plain, patterns = set(), set()
    for one, many, translated in ENTRY.findall(CATALOGUE.read_text(encoding="utf-8")):
        german = {_joined(text) for text in re.findall(MSGSTR, translated)}
        for text in (_joined(one), _joined(many) if many else ""):
            # A text with elements in it reaches the page in pieces.
            for piece in re.split(r"<[^>]+>", text):
                said = " ".join(piece.split())
                if text in german or len(re.findall(r"[A-Za-z]{2,}", PLACE.sub(" ", said))) < 2:
                    continue
                if PLACE.search(said):
                    patterns.add(".+?".join(re.escape(part) for part in PLACE.split(said)))
                else:
                    plain.add(said)
    return frozenset(plain), tuple(re.compile(pattern) for pattern in sorted(patterns))


def texts(html: str | bytes) -> Iterator[str]:
    """Each text of a page that somebody can see or hear, on one line."""
    soup = BeautifulSoup(html, "html.parser")
    for untouched in soup.select(",".join(UNTOUCHED)):
        untouched.decompose()
    found: list[Any] = [text for text in soup.find_all(string=True) if type(text) is NavigableString]
    found += [element[name] for element in soup.find_all(True) for name in SPOKEN if name in element.attrs]
    found += [
        button["value"] for button in soup.select("input[type=submit], input[type=button]") if "value" in button.attrs
    ]
    yield from filter(None, (" ".join(str(text).split()) for text in found))


def is_english(text: str) -> bool:
    plain, patterns = _english_texts()
    if text.rstrip(".:…? ") in plain or text in plain or any(pattern.fullmatch(text) for pattern in patterns):
        return True
    if len(text.split()) > 1 and set(re.findall(r"[a-z]+", TYPED.sub(" ", text).lower())) & ENGLISH:
        return True
    return any(said in text for said in plain if len(said.split()) > 3)


def english_in(html: str | bytes) -> set[str]:
    """What of a page is English; what the caller wrote itself must not be."""
    return {text for text in texts(html) if is_english(text)}
