"""Reads answers the way a person reads a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag


def page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def words(node: Tag | None) -> str:
    """The text of an element on one line; empty when there is none."""
    return " ".join(node.get_text(" ").split()) if node else ""


def names(response: Any) -> list[str]:
    """The files of a library page, in their order."""
    return [words(link) for link in page(response).select("[data-panel-link]")]


def ticked(response: Any) -> set[str]:
    shown = page(response)
    boxes = shown.select("[name=asset][checked]")
    return {words(shown.find(id=str(box["aria-labelledby"]).split()[-1])) for box in boxes}


def file_id(link: Tag) -> str:
    """Of the file whose details a link shows."""
    return unquote(str(link["href"]).split("/")[-2])


def link(response: Any, selector: str) -> str:
    """Where a link leads: the page's own address plus its query."""
    found = page(response).select_one(selector)
    return f"{response.request['PATH_INFO']}{found['href']}" if found else ""
