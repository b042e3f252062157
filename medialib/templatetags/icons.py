"""The tags of django-heroicons, each icon drawn once: drawing one takes longer than the rest of a table's row."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django import template
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags import heroicons

register = template.Library()


@register.simple_tag
def heroicon_micro(name: str, *, size: int = 16, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_micro, name, size, tuple(attributes.items()))


@register.simple_tag
def heroicon_mini(name: str, *, size: int = 20, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_mini, name, size, tuple(attributes.items()))


@register.simple_tag
def heroicon_outline(name: str, *, size: int = 24, **attributes: object) -> SafeString:
    return _drawn(heroicons.heroicon_outline, name, size, tuple(attributes.items()))


@lru_cache(maxsize=500)
def _drawn(draw: Callable[..., str], name: str, size: int, attributes: tuple[tuple[str, object], ...]) -> SafeString:
    return mark_safe(draw(name, size=size, **dict(attributes)))  # noqa: S308 - Drawn and escaped by the library.
