"""Names as people see them: what would stay unseen in a name, or change how it is read, is marked."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Blanks that a page would drop or join, controls, formats such as bidirectional overrides, and blanks of other widths.
_UNSEEN = re.compile(
    r"(?:^|(?<=/)) +| +(?=/|$)|(?<= ) +"
    "|[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1680\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SIGNS = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥"}


def visible(text: str) -> str:
    """`/archive␣/one.jpg`, `holiday⟨U+202E⟩gpj.exe`. A name without anything unseen stays as it is."""
    return _UNSEEN.sub(_marked, text)


def all_visible(texts: Iterable[str]) -> str:
    return ", ".join(map(visible, texts))


def _marked(match: re.Match[str]) -> str:
    return "".join(_SIGNS.get(sign) or f"⟨U+{ord(sign):04X}⟩" for sign in match[0])
