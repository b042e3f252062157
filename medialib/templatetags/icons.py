"""The tags of django-heroicons, drawn by a style sheet: a page names an icon and carries none of its lines.

The lines of its icons were an eighth of a page, and they hardly compress. `icon_sheet` draws those that our templates
name, once for a release; views/icons.py sends it. Each stays an <svg>, which the other style sheets lay out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from django import template
from django.template.engine import Engine
from django.utils.safestring import SafeString
from heroicons.templatetags import heroicons

from medialib.templatetags.markup import Markup
from medialib.templatetags.medialib import BANNER_ICONS, KIND_ICONS

register = template.Library()

STYLES = {
    "micro": heroicons.heroicon_micro,
    "mini": heroicons.heroicon_mini,
    "outline": heroicons.heroicon_outline,
}
NAMED = re.compile(r'{%\s*heroicon_(micro|mini|outline)\s+"([a-z0-9-]+)"')
HANDED_ON = re.compile(r'\sicon="([a-z0-9-]+)"')  # To jobs/_button.html.
# Named by values, and so by no template.
BY_VALUE = sorted({*KIND_ICONS.values(), *BANNER_ICONS.values(), "document", "information-circle", "lock-closed"})
ICON = Markup('<svg class="icon {}-{}" width="{}" height="{}" aria-hidden="true"></svg>')
SHAPE = """.icon { background: currentColor; mask: var(--lines) center / contain no-repeat; print-color-adjust: exact; }
@media (forced-colors: active) { .icon { forced-color-adjust: none; background: CanvasText; } }
"""


@dataclass(frozen=True)
class IconSheet:
    css: str
    digest: str


@register.simple_tag
def heroicon_micro(name: str, *, size: int = 16, aria_hidden: str = "true") -> SafeString:
    return icon("micro", name, size)


@register.simple_tag
def heroicon_mini(name: str, *, size: int = 20, aria_hidden: str = "true") -> SafeString:
    return icon("mini", name, size)


@register.simple_tag
def heroicon_outline(name: str, *, size: int = 24, aria_hidden: str = "true") -> SafeString:
    return icon("outline", name, size)


@lru_cache(maxsize=500)
def icon(style: str, name: str, size: int = 16) -> SafeString:
    """A decorative icon. The text beside it says what it means."""
    return ICON(name, style, size, size)


@register.simple_tag
def icons_digest() -> str:
    """Stands in the address of the sheet, so that browsers may keep it for ever."""
    return icon_sheet().digest


@lru_cache(maxsize=1)
def icon_sheet() -> IconSheet:
    css = SHAPE + "".join(_rule(style, name) for style, name in sorted(set(_named())))
    return IconSheet(css, sha256(css.encode()).hexdigest()[:12])


def _named() -> Iterator[tuple[str, str]]:
    for folder in Engine.get_default().dirs:
        for path in Path(folder).rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            yield from ((style, name) for style, name in NAMED.findall(text))
            yield from (("micro", name) for name in HANDED_ON.findall(text))
    yield from ((style, name) for style in STYLES for name in BY_VALUE)


def _rule(style: str, name: str) -> str:
    """A mask: only where the drawing is opaque, the colour of the text shines through."""
    drawing = " ".join(STYLES[style](name, size=None).replace("currentColor", "black").split())
    standalone = drawing.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1).replace('"', "'")
    encoded = quote(standalone, safe=" =:/'(),.-")
    return f'.{name}-{style} {{ --lines: url("data:image/svg+xml,{encoded}"); }}\n'
