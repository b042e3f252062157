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
from django.contrib import admin
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.utils.translation.template import templatize

from medialib.errors import Refused, grouped, in_english, said
from medialib.imagekit.answers import Answer
from medialib.services.accounts.keys import NEEDED_BY_MORE
from medialib.services.base.client_words import as_part, in_words
from medialib.templatetags import job_words
from medialib.templatetags import medialib as tags
from tests import factories
from tests.sentences import Sentences, errors_of
from tests.views.pages import page, words

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
# For developers only, and so in English only.
UNTRANSLATED = {"styleguide"}
SPOKEN = (
    *("aria-label", "title", "placeholder", "alt", "data-busy-label", "data-announce", "data-unsaved", "data-nothing"),
    *("data-copied", "data-not-copied", "data-is-back"),
)
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
# A literal of several words, or one that is put where people read it.
SAID_BY_SCRIPT = re.compile(
    r"""["'`][A-Z][a-z]+ [a-z]|(?:textContent|title|ariaLabel|placeholder) = [^;]*["'`] ?[A-Za-z]{2}|detail: ["'`]"""
)
# What nobody meets on a page, each with the reason.
ONLY_IN_ENGLISH = {
    "medialib/management": "Commands speak English.",
    "medialib/api": "The API speaks English, whatever language its caller's person reads.",
    "medialib/services/base/files.py": "Paths of exports: only commands write files.",
    "medialib/services/audit/seal/care.py": "Only the commands that care for the log's key and its restored backups.",
    "medialib/services/audit/seal/pruning.py": "Only a command archives the log.",
    "medialib/services/sync/run.py": "Only workers and a command sync; the run's record keeps the sentence.",
    "medialib/services/sync/walk.py": "As above: it ends in the run's record.",
    "medialib/services/sync/parallel.py": "As above: it ends in the run's record.",
    "medialib/services/sync/webhooks.py": "A command sets the secret, and the rest is answered to a machine.",
}


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


def bare_sentences() -> dict[str, list[int]]:
    """Lines of each module that tell people something that no translation can reach."""
    paths = sorted((ROOT / "medialib").rglob("*.py"))
    errors = errors_of(paths)
    found = {str(path.relative_to(ROOT)): sorted(Sentences(path, errors).bare()) for path in paths}
    return {name: lines for name, lines in found.items() if lines}


def test_what_is_told_to_people_can_be_translated() -> None:
    bare = bare_sentences()
    excused = {place for place in ONLY_IN_ENGLISH for name in bare if name == place or name.startswith(f"{place}/")}
    left = {name: lines for name, lines in bare.items() if not any(name.startswith(place) for place in excused)}
    assert left == {}, "Ask gettext for these sentences: _(“… %(name)s …”), name=…"
    assert set(ONLY_IN_ENGLISH) == excused, "The others need no excuse any more."


@pytest.mark.parametrize(
    "source",
    [
        'raise Refused("Not now.")',
        'raise Refused(f"Job {job} is over.")',
        'raise errors.Refused("Job %s is over." % job)',
        'raise Refused("Job {} is over.".format(job))',
        'raise Refused("Not now." if late else _("Never."))',
        'text = f"Job {job} is over."\nraise Refused(text)',
        'GONE = "It is gone."\nmessages.error(request, GONE)',
        'def _why():\n    return "It is gone."\nmessages.error(request, _why())',
        'class Late(Refused):\n    def __init__(self):\n        super().__init__("Too late.")',
        'raise forms.ValidationError("Wrong.")',
        'self.add_error("name", "Wrong.")',
        'self.message_user(request, f"{key} is retired.")',
    ],
)
def test_bare_sentences_are_found(source: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert Sentences(path, {"Refused", "Late"}).bare()


@pytest.mark.parametrize(
    "source",
    [
        'raise Refused(_("Not now."))',
        'raise Refused(_("Job %(number)s is over."), number=job)',
        'text = _("Job %(number)s is over.") % {"number": job}\nraise Refused(text)',
        "raise Refused(str(error))",
        'messages.error(request, f"{account}: {check}")',
        'logger.error("It is gone.")',
        'raise ValueError("Not a number.")',
    ],
)
def test_translated_sentences_and_those_for_developers_pass(source: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert not Sentences(path, {"Refused"}).bare()


def labelled() -> list[Path]:
    """Where forms and the admin get their labels from. Other models are never shown field by field."""
    models = [
        ROOT / "medialib" / "models" / name
        for name in ("accounts.py", "memberships.py", "sync.py", "deletion/jobs.py", "audit/events.py")
    ]
    return [*models, *(path for room in ("admin", "forms") for path in sorted((ROOT / "medialib" / room).glob("*.py")))]


@pytest.mark.parametrize("path", labelled(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_labels_of_forms_can_be_translated(path: Path) -> None:
    assert Sentences(path, set()).bare_labels() == set()


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "js").glob("*.js")), ids=lambda path: path.name)
def test_scripts_hold_no_words_of_their_own(path: Path) -> None:
    """What they say stands in the page, in its language; what they throw is for developers."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.strip().startswith("//")]
    assert [line for line in lines if SAID_BY_SCRIPT.search(line) and "new Error(" not in line] == []


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


def test_errors_are_put_together_in_the_language_of_whoever_reads_them() -> None:
    error = Refused(gettext_lazy("The list has more than %(count)s lines. Split it."), count=grouped(1_000_000))
    assert str(error) == "The list has more than 1,000,000 lines. Split it."
    with translation.override("de"):
        assert str(error) == "Die Liste hat mehr als 1.000.000 Zeilen. Teilen Sie sie auf."
        assert in_english(said(error)) == "The list has more than 1,000,000 lines. Split it."


def test_errors_know_one_from_many() -> None:
    with translation.override("de"):
        texts = [str(Refused(NEEDED_BY_MORE, number=7, more=more, why="…")) for more in (1, 2)]
    assert texts == [
        "Auftrag 7 und 1 weiterer brauchen diesen Schlüssel noch: …",
        "Auftrag 7 und 2 weitere brauchen diesen Schlüssel noch: …",
    ]


@pytest.mark.django_db
def test_service_refuses_in_the_language_of_the_page(staff_client: Client) -> None:
    account = factories.account("acme")
    staff_client.post("/language/", {"language": "de", "next": "/"})
    shown = page(staff_client.post(f"/{account.name}/lists/", {"pasted": "file_id,name"}))
    assert "Die Liste ist leer" in words(shown)


@pytest.mark.django_db
def test_types_of_files_are_named_in_german(staff_client: Client) -> None:
    account = factories.account("acme")
    staff_client.post("/language/", {"language": "de", "next": "/"})
    shown = page(staff_client.get(f"/{account.name}/library/?kind=image"))
    assert "Typ Bild" in words(shown)


@pytest.mark.django_db
def test_admin_asks_in_german(staff_client: Client) -> None:
    factories.account("acme")
    staff_client.post("/language/", {"language": "de", "next": "/"})
    shown = words(page(staff_client.get("/admin/medialib/membership/add/")))
    assert "Je Zeile ein Ordner, etwa /campaigns/*." in shown
    assert "Dateien in 24 Stunden" in shown


def test_admin_names_models_and_fields_in_german() -> None:
    """What Django makes of a name in the code stays English."""
    ours = [model for model in admin.site._registry if model._meta.app_label == "medialib"]
    fields = [field for model in ours for field in model._meta.concrete_fields if not field.primary_key]
    names = {str(model._meta): model._meta.verbose_name for model in ours}
    names |= {f"{model._meta} (many)": model._meta.verbose_name_plural for model in ours}
    names |= {str(field): field.verbose_name for field in fields if field.name != "ciphertext"}
    names |= {f"{field} (help)": field.help_text for field in fields if field.help_text}
    assert len(names) > 80
    assert {where for where, name in names.items() if not isinstance(name, Promise)} == set()


@pytest.mark.django_db
def test_admin_heads_columns_in_german(admin_client: Client) -> None:
    admin_client.post("/language/", {"language": "de", "next": "/"})
    factories.membership(factories.user("kim"), factories.account("acme"))
    heads = [words(head) for head in page(admin_client.get("/admin/medialib/membership/")).select("thead th")]
    assert "Hinzugefügt von" in heads


def test_client_errors_are_said_in_german_around_the_words_of_imagekit() -> None:
    body = b'{"message": "Your account cannot be authenticated."}'
    error = Answer(status=401, headers={}, hide=str, body=body).problem()
    said_there = " (HTTP 401): Your account cannot be authenticated."
    assert str(error) == f"ImageKit refused the private key{said_there}"
    with translation.override("de"):
        assert str(in_words(error)) == f"ImageKit hat den privaten Schlüssel abgelehnt{said_there}"
        assert str(as_part(Answer(status=500, headers={}, hide=str).problem())).endswith("geantwortet (HTTP 500)")
        assert in_english(in_words(error)) == str(error)
