"""Finds sentences that people are told on a page and that do not go through gettext, in the syntax tree of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# What names a field, an action or a column, in forms and in the admin.
LABELS = {"label", "help_text", "description", "verbose_name", "verbose_name_plural", "title", "search_help_text"}
# Who says something to a person on a page, and at which place its text stands.
TOLD_AT = {
    "ValidationError": 0,
    "KeyCheck": 1,
    "back_to_sign_in": 1,
    "add_error": 1,
    "message_user": 1,
    **dict.fromkeys(("debug", "info", "success", "warning", "error"), 1),  # Of django.contrib.messages.
}


def errors_of(paths: Iterable[Path]) -> set[str]:
    """MedialibError and all that is made from it. Their first argument is a sentence."""
    classes = [node for path in paths for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    found: set[str] = {"MedialibError"}
    while heirs := {each.name for each in classes if found & set(map(last_name, each.bases))} - found:
        found |= heirs
    return found


def last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


class Sentences:
    """Finds, in one module, texts told to people that no translation can reach."""

    def __init__(self, path: Path, tellers: set[str]) -> None:
        self.tree = parsed(path)
        self.tellers = tellers
        self.values: dict[str, list[ast.expr]] = {}  # What a name stands for, and what a function returns.
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.values.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.FunctionDef):
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
                self.values.setdefault(f"{node.name}()", []).extend(returned)

    def bare(self) -> set[int]:
        """Lines of calls whose text is bare."""
        return {call.lineno for call, text in self._told() if self._is_bare(text, seen=frozenset())}

    def bare_labels(self) -> set[int]:
        """Lines of labels and helps, given or set on a class, that are bare."""
        given = [
            keyword for keyword in ast.walk(self.tree) if isinstance(keyword, ast.keyword) and keyword.arg in LABELS
        ]
        # What a model is called stands in the migrations.
        classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) and node.name != "Meta"]
        set_on = [node for each in classes for node in each.body if isinstance(node, ast.Assign)]
        set_on = [node for node in set_on if {ast.unparse(target) for target in node.targets} & LABELS]
        return {node.lineno for node in (*given, *set_on) if self._is_bare(node.value, seen=frozenset())}

    def _told(self) -> Iterator[tuple[ast.Call, ast.expr]]:
        heirs = [each for each in ast.walk(self.tree) if isinstance(each, ast.ClassDef) and each.name in self.tellers]
        inits = [each for heir in heirs for each in ast.walk(heir)]
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            place = self._place(ast.unparse(node.func), is_init=node in inits)
            if place is not None and len(node.args) > place:
                yield node, node.args[place]

    def _place(self, called: str, *, is_init: bool) -> int | None:
        owner, _dot, name = called.rpartition(".")
        if name in self.tellers or (called == "super().__init__" and is_init):
            return 0
        if name in ("debug", "info", "success", "warning", "error"):
            return TOLD_AT[name] if owner == "messages" else None
        return TOLD_AT.get(name)

    def _is_bare(self, text: ast.expr, *, seen: frozenset[str]) -> bool:
        """Whether words stand in it outside of a call of gettext; names and functions of the module are looked into."""
        match text:
            case ast.Constant(value=str(words)):
                return re.search(r"[A-Za-z]{2}", words) is not None
            case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
                return any(self._is_bare(part, seen=seen) for part in parts)
            case ast.FormattedValue(value=part):
                return self._is_bare(part, seen=seen)
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other, op=ast.Add()):
                return self._is_bare(one, seen=seen) or self._is_bare(other, seen=seen)
            case ast.BinOp(left=one) | ast.Call(func=ast.Attribute(value=ast.Constant() as one, attr="format")):
                return self._is_bare(one, seen=seen)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self._stands_for_bare(name, seen=seen)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name)):
                return self._stands_for_bare(f"{name}()", seen=seen)
        return False

    def _stands_for_bare(self, name: str, *, seen: frozenset[str]) -> bool:
        values = [] if name in seen else self.values.get(name, [])
        return any(self._is_bare(value, seen=seen | {name}) for value in values)
