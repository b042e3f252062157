"""Guards the house's habits: each test reads the source and names the line that breaks one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
PRODUCT = ROOT / "medialib"
MAX_LINES = 300
# Longer modules, each with the reason why it is not split.
LONG_MODULES: dict[str, str] = {}

MAX_COLUMNS = 140  # Of a line of a template. djlint knows the number too, and heeds it only where it reformats.

MAX_ROOT_MODULES = 10
MAX_MODULES = 16
# Folders that hold more, each with the reason.
LARGE_FOLDERS = {"medialib/management/commands": "Django looks for commands in this one folder."}

# Who may not know whom. A package's own modules are always allowed.
OUTER = (
    "medialib.api",
    "medialib.views",
    "medialib.admin",
    "medialib.auth",
    "medialib.web",
    "medialib.management",
    "medialib.urls",
)
# The rooms inside services, from the ground up: each may know those before it.
SERVICE_ROOMS = (
    "base",
    "audit",
    "accounts",
    "library",
    "sync",
    "manifests",
    "copies",
    "selections",
    "deletion",
    "restoring",
    "jobs",
    "notices",
)
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "medialib.imagekit": ("django", "medialib"),
    "medialib.sandbox": ("django", "medialib"),
    "medialib.models": ("medialib.imagekit", "medialib.services", "medialib.tasks", "medialib.forms", *OUTER),
    "medialib.services": ("medialib.tasks", "medialib.forms", *OUTER),
    "medialib.services.deletion": ("medialib.services.selections",),
    # Whoever presses a button never waits for ImageKit: only a worker runs the engine.
    "medialib.services.jobs": ("medialib.services.deletion.runner", "medialib.services.deletion.settling"),
    "medialib.tasks": ("medialib.imagekit", "medialib.forms", *OUTER),
    "medialib.views": (
        "medialib.imagekit.client",
        "medialib.admin",
        "medialib.management",
        "medialib.tasks",
        "requests",
    ),
    "medialib.api": ("medialib.imagekit", "medialib.admin", "medialib.management", "medialib.tasks", "requests"),
    "medialib.templatetags": ("medialib.services", "medialib.imagekit", *OUTER),
}
VERSION = {"medialib", "medialib.__version__"}  # Anybody may say which version it is.
SANDBOX_COMMAND = "medialib.management.commands.runsandbox"

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "a js: value": re.compile(r"\bhx-(?:vals|headers)\s*=\s*['\"]js", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
}


@cache
def modules() -> dict[str, Path]:
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(PRODUCT.rglob("*.py"))}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each imported name with its line. `from a import b` yields a.b, which begins with a."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_optional(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether it is a package of requirements-scale.txt, which a small installation does not have."""
    return ast.unparse(node).split()[1].partition(".")[0] in {"celery", "django_tasks_fennel", "kombu"}


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def text_of(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.exists())


@pytest.mark.parametrize("owner", FORBIDDEN)
def test_imports_point_one_way(owner: str) -> None:
    reversed_arrows = {
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for module, path in modules().items()
        if is_in(module, owner)
        for line, name in imports(path)
        for forbidden in FORBIDDEN[owner]
        if is_in(name, forbidden) and not is_in(name, owner) and name not in VERSION
    }
    assert reversed_arrows == set()


def test_rooms_of_services_know_only_those_below_them() -> None:
    rooms = [f"medialib.services.{room}" for room in SERVICE_ROOMS]
    assert {f"medialib.services.{path.name}" for path in (PRODUCT / "services").iterdir() if path.is_dir()} - {
        "medialib.services.__pycache__"
    } == set(rooms)
    climbing = {
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for module, path in modules().items()
        for floor, room in enumerate(rooms)
        if is_in(module, room)
        for line, name in imports(path)
        for above in rooms[floor + 1 :]
        if is_in(name, above)
    }
    assert climbing == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    sorter = TopologicalSorter({module: known_by(module) for module in modules()})
    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(f"A circle of imports: {' -> '.join(error.args[1])}")


def known_by(module: str) -> set[str]:
    """Modules of ours that this one imports, for types too. A package that only hands names on counts as itself."""
    found = {home_of(name) for _, name in imports(modules()[module])}
    return found - {module, ""}


def home_of(name: str) -> str:
    """The module of ours that an imported name stands in; empty for others' names."""
    while name and not {name, f"{name}.__init__"} & set(modules()):
        name = name.rpartition(".")[0]
    return name if name in modules() else f"{name}.__init__" if name else ""


def test_folders_stay_small() -> None:
    held: dict[str, int] = {}
    for path in modules().values():
        if path.name != "__init__.py":
            folder = str(path.parent.relative_to(ROOT))
            held[folder] = held.get(folder, 0) + 1
    assert held["medialib"] <= MAX_ROOT_MODULES
    assert {folder for folder, count in held.items() if count > MAX_MODULES} <= set(LARGE_FOLDERS), held


def test_only_its_command_knows_the_sandbox() -> None:
    others = {
        f"{path.relative_to(ROOT)}:{line}"
        for module, path in modules().items()
        if not is_in(module, "medialib.sandbox") and module != SANDBOX_COMMAND
        for line, name in imports(path)
        if is_in(name, "medialib.sandbox")
    }
    assert others == set()


def test_no_import_is_hidden_in_a_function() -> None:
    hidden = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules().values()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        # An app's ready() is where Django wants receivers to be imported.
        if isinstance(node, ast.Import | ast.ImportFrom) and function.name != "ready" and not is_optional(node)
    }
    assert hidden == set()


def test_one_class_name_means_one_thing() -> None:
    """Classes inside others, such as Meta, are named by the outer one. Django finds commands and migrations by name."""
    homes: dict[str, list[str]] = {}
    for module, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and node.name not in {"Command", "Migration"}:
                homes.setdefault(node.name.lstrip("_"), []).append(module)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_modules_stay_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    too_long = {name: lines for name, lines in lengths.items() if lines >= MAX_LINES and ".migrations." not in name}
    assert set(too_long) == set(LONG_MODULES), too_long


def test_each_command_has_a_test() -> None:
    commands = {path.stem for path in (PRODUCT / "management" / "commands").glob("[a-z]*.py")}
    others = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    tested = set(re.findall(r"\w+", text_of(*others)))
    assert commands - tested == set()


def test_each_command_is_documented() -> None:
    commands = {path.stem for path in (PRODUCT / "management" / "commands").glob("[a-z]*.py")}
    documented = set(re.findall(r"\w+", text_of(ROOT / "README.md", *(ROOT / "docs").glob("*.md"))))
    assert commands - documented == set()


def test_each_setting_is_documented() -> None:
    read = {
        argument.value
        for node in ast.walk(tree(ROOT / "config" / "env.py"))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("reader.")
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and str(argument.value).isupper()
    }
    documented = set(re.findall(r"`([A-Z_]+)`", text_of(ROOT / "README.md", ROOT / "docs" / "deploy.md")))
    assert {"SECRET_KEY", "TASK_ENGINE"} <= read
    assert read - documented == set()


def test_paths_in_the_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|html|md|js|css))`", text_of(*documents))
    roots = (ROOT, PRODUCT, PRODUCT / "models", PRODUCT / "services")
    assert len(named) > 20
    assert {path for path in named if not any((root / path).exists() for root in roots)} == set()


def test_no_line_of_a_template_is_too_long_to_review() -> None:
    paths = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert len(paths) > 100
    long = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_COLUMNS
    }
    assert long == set(), "Break inside a tag, or where whitespace cannot be seen; in text by blocktranslate trimmed."


@pytest.mark.parametrize("habit", INLINE)
def test_templates_hold_nothing_that_the_policy_forbids(habit: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in templates()
        for match in INLINE[habit].finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_parts_of_pages_extend_nothing() -> None:
    assert {
        path.name for path in templates() if path.name.startswith("_") and "{% extends" in path.read_text()
    } == set()


def test_nothing_is_left_for_later() -> None:
    pattern = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b")
    sources = [*modules().values(), *(ROOT / "tests").rglob("*.py"), *templates(), *(ROOT / "static").rglob("*.js")]
    assert {
        str(path.relative_to(ROOT)) for path in sources if pattern.search(path.read_text(encoding="utf-8"))
    } == set()


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
