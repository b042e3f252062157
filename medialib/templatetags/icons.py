"""The tags of django-heroicons, each icon drawn once: drawing one takes longer than the rest of a table's row."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from django import template
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags import heroicons

register = template.Library()

IN_ROWS = ("document", "document-text", "film", "lock-closed", "musical-note", "photo")
POINTER = '<svg width="16" height="16" aria-hidden="true"><use href="#icon-{}"/></svg>'
SYMBOL = re.compile(r'<svg( .*?)(?: width="\d+" height="\d+")?(>.*)</svg>', re.DOTALL)


@register.simple_tag
def heroicon_micro(name: str, *, size: int = 16, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_micro, name, size, tuple(attributes.items()))


@register.simple_tag
def heroicon_mini(name: str, *, size: int = 20, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_mini, name, size, tuple(attributes.items()))


@register.simple_tag
def heroicon_outline(name: str, *, size: int = 24, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_outline, name, size, tuple(attributes.items()))


@register.simple_tag
@lru_cache(maxsize=1)
def icon_symbols() -> SafeString:
    """The icons that every row of a list has, once for a page; see pointer_to."""
    symbols = (SYMBOL.sub(rf'<symbol id="icon-{name}"\1\2</symbol>', heroicon_micro(name)) for name in IN_ROWS)
    return mark_safe(f"<div hidden><svg>{''.join(symbols)}</svg></div>")  # noqa: S308 - Drawn by the library.


@lru_cache(maxsize=len(IN_ROWS))
def pointer_to(name: str) -> SafeString:
    """A decorative icon of IN_ROWS at a seventh of its length, for a page with icon_symbols."""
    return mark_safe(POINTER.format(IN_ROWS[IN_ROWS.index(name)]))  # noqa: S308 - One of our own names.


@lru_cache(maxsize=500)
def _drawn(draw: Callable[..., str], name: str, size: int, attributes: tuple[tuple[str, object], ...]) -> SafeString:
    return mark_safe(draw(name, size=size, **dict(attributes)))  # noqa: S308 - Drawn and escaped by the library.
