"""The page that describes the API to people, made from the same description that programs read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from medialib.api.application import api
from medialib.api.problems import KINDS
from medialib.models import TokenScope
from medialib.views.access import staff_may

Description = dict[str, Any]


@dataclass(frozen=True)
class Named:
    """A parameter, or a member of a body or an answer."""

    name: str
    place: str
    kind: str
    is_required: bool
    text: str


@dataclass(frozen=True)
class DescribedOperation:
    id: str
    method: str
    path: str
    summary: str
    text: str
    scope: str
    rights: list[str]
    takes: list[Named]
    gives: list[Named]


@require_safe
@staff_may("view_library")
def api_reference(request: HttpRequest) -> HttpResponse:
    """In English, as the API itself is; what stands around it is in the reader's language."""
    context = {"groups": _groups(), "scopes": TokenScope, "problems": KINDS.items()}
    return render(request, "you/api.html", context)


@cache
def _groups() -> list[tuple[str, list[DescribedOperation]]]:
    schema = api.get_openapi_schema()
    parts = schema["components"]["schemas"]
    operations = [
        (each["tags"][0], _described(method, path, each, parts))
        for path, methods in schema["paths"].items()
        for method, each in methods.items()
    ]
    return [(tag, [one for _tag, one in some]) for tag, some in groupby(operations, key=lambda pair: pair[0])]


def _described(method: str, path: str, operation: Description, parts: Description) -> DescribedOperation:
    takes = [
        Named(each["name"], each["in"], _kind(each["schema"]), each["required"], each.get("description", ""))
        for each in operation["parameters"]
    ]
    takes += _members(operation.get("requestBody", {}), "body", parts)
    good = next(answer for status, answer in operation["responses"].items() if int(status) < 300)
    return DescribedOperation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        scope=operation["security"][0]["token"][0],
        rights=operation["x-rights"],
        takes=takes,
        gives=_members(good, "answer", parts),
    )


def _members(holder: Description, place: str, parts: Description) -> list[Named]:
    """Of the JSON object that a body or an answer is."""
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    schema = parts.get(schema.get("$ref", "").rpartition("/")[2], schema)
    needed = schema.get("required", [])
    return [
        Named(name, place, _kind(each), name in needed, each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    ]


def _kind(schema: Description) -> str:
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(map(_kind, options)))
    if reference := schema.get("$ref"):
        return str(reference).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
