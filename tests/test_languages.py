"""English is complete by itself, German by its catalogue: no bare words in templates, nothing untranslated or fuzzy."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, NavigableString
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

from medialib.templatetags import job_words
from medialib.templatetags import medialib as tags
from tests import factories
from tests.views.pages import page, words

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
# For developers only, and so in English only.
UNTRANSLATED = {"styleguide"}
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-busy-label", "data-announce")
NAMES = {"medialib", "HTTP", "ImageKit", "px", "manage.py", "jpg"}
TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
CLASSES = re.compile(r"{%\s*block (?:page|body)_class\s*%}.*?{%\s*endblock\s*%}", re.DOTALL)
TAG = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
FUNCTIONS = {
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"),
}
EXAMPLE = re.compile(r"^[\d.]+ [kMG]B$|\w:\w|^\w+, \w+$|^/\w+$")  # What people type is the same in every language.
STRING = r"u?(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
CALL = re.compile(rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*{STRING}(?:\s*,\s*{STRING})?", re.DOTALL)
PLACES = re.compile(r"%\(\w+\)s|{\w+}")


def templates() -> list[Path]:
    found = (ROOT / "templates").rglob("*.html")
    return sorted(path for path in found if not UNTRANSLATED & set(path.parts))


def bare_words(path: Path) -> set[str]:
    """Words that a person reads and no translation can reach."""
    source = TAG.sub(" ", CLASSES.sub(" ", TRANSLATED.sub(" ", path.read_text(encoding="utf-8"))))
    soup = BeautifulSoup(source, "html.parser")
    for unspoken in soup(["code", "kbd", "script", "style"]):
        unspoken.decompose()
    texts = [str(text) for text in soup.find_all(string=True) if type(text) is NavigableString]
    texts += [str(element[name]) for element in soup.find_all(True) for name in SPOKEN if name in element.attrs]
    texts = [text for text in texts if not EXAMPLE.search(text)]
    return {word for text in texts for word in re.findall(r"[A-Za-z][A-Za-z.]+", text) if word.strip(".") not in NAMES}


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_holds_no_bare_words(path: Path) -> None:
    assert bare_words(path) == set()


Message = tuple[str, str]  # Context and text.


def asked_by_python(path: Path) -> Iterator[Message]:
    """Texts in calls of gettext and its kin."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in FUNCTIONS:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts:
                yield (texts[0], texts[1]) if name.startswith("pgettext") else ("", texts[0])


def asked_by_templates(path: Path) -> Iterator[Message]:
    """Django turns a template into something with gettext calls; this finds them there."""
    source = templatize(path.read_text(encoding="utf-8"))
    for name, first, second in CALL.findall(source):
        texts = [ast.literal_eval(part) for part in (first, second) if part]
        yield (texts[0], texts[1]) if name.startswith("pgettext") else ("", texts[0])


def asked() -> set[Message]:
    found = {message for path in (ROOT / "medialib").rglob("*.py") for message in asked_by_python(path)}
    return found | {message for path in templates() for message in asked_by_templates(path)}


def catalogue() -> dict[Any, str]:
    """The compiled texts, as people get them, by key: a text, or with plurals a text and the number of its form."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        found: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: text for key, text in found.items() if key}


def german() -> dict[Message, str]:
    singular = {
        key[0] if isinstance(key, tuple) else key: text for key, text in catalogue().items() if key[-1:] != (1,)
    }
    split = {tuple(key.split("\x04", 1)) if "\x04" in key else ("", key): text for key, text in singular.items()}
    return {(context, key): text for (context, key), text in split.items()}


def test_german_has_every_text() -> None:
    missing = asked() - {message for message, text in german().items() if text}
    assert missing == set(), "See docs/design.md, “Languages”."


def test_german_holds_nothing_that_nobody_asks_for() -> None:
    assert set(german()) - asked() == set()


def test_german_is_certain_of_every_text() -> None:
    source = CATALOGUE.read_text(encoding="utf-8")
    assert "#, fuzzy" not in source
    assert "#~" not in source


def test_compiled_catalogue_is_that_of_the_source() -> None:
    source = CATALOGUE.read_text(encoding="utf-8")
    texts = {ast.literal_eval(text) for text in re.findall(r'^msgstr(?:\[\d\])? (".+")$', source, re.MULTILINE)} - {""}
    assert texts == set(catalogue().values())


def test_placeholders_survive_translation() -> None:
    for (_, text), translated in german().items():
        if "%(" in text or "{" in text:
            assert set(PLACES.findall(text)) == set(PLACES.findall(translated)), text


def test_numbers_sizes_and_dates_follow_the_language() -> None:
    time = datetime(2024, 3, 1, 14, 2, tzinfo=UTC)
    with translation.override("de"):
        shown = (tags.thousands(48213), tags.file_size(91_400_000_000), job_words.plural_files(48213))
        assert shown == ("48.213", "91,4 GB", "48.213 Dateien")
        assert "1. Mär 2024" in str(tags.moment(time))


@pytest.mark.django_db
def test_person_chooses_the_language_and_keeps_it(staff_client: Client) -> None:
    factories.account("acme")
    answer = staff_client.post("/language/", {"language": "de", "next": "/jobs/"})
    assert answer["Location"] == "/jobs/"
    shown = page(staff_client.get("/jobs/"))
    assert (shown.html["lang"], words(shown.h1)) == ("de", "Löschaufträge")


@pytest.mark.django_db
def test_browser_chooses_for_strangers(client: Client) -> None:
    shown = page(client.get("/sign-in/", headers={"Accept-Language": "de-AT,de;q=0.9"}))
    assert words(shown.h1) == "Bei medialib anmelden"


@pytest.mark.django_db
def test_language_choice_leads_nowhere_else(staff_client: Client) -> None:
    assert staff_client.post("/language/", {"language": "de", "next": "https://evil.example/"})["Location"] == "/"
