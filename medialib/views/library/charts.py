"""Shapes of the insight pictures: where each part goes in its SVG. Sizes are the units of the picture's viewBox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import squarify

GAP = 2.0
LETTER = 7.0  # Width of a letter of the labels, a little on the wide side.
LINE = 16.0
SHADES = 6


@dataclass(frozen=True)
class Box:
    """The size of a picture's viewBox."""

    width: int
    height: int


class Part(Protocol):
    """What a picture is made of: a name and how large it is; the template knows the list that it stands for."""

    @property
    def label(self) -> str: ...
    @property
    def total_bytes(self) -> int: ...


@dataclass(frozen=True)
class Shape:
    """A rectangle that stands for `part`. Its words are empty where they would not fit."""

    part: Any
    x: float
    y: float
    width: float
    height: float
    shade: int
    words: str = ""

    @property
    def text_x(self) -> float:
        return round(self.x + 8, 1)

    @property
    def text_y(self) -> float:
        return round(self.y + LINE + 2, 1)

    @property
    def second_y(self) -> float:
        return round(self.y + 2 * LINE + 2, 1)

    @property
    def has_second_line(self) -> bool:
        return bool(self.words) and self.height >= 3 * LINE


def treemap(parts: Sequence[Part], box: Box) -> list[Shape]:
    """Rectangles whose areas are as the bytes of the parts, the largest first. Parts without bytes have none."""
    largest = sorted((part for part in parts if part.total_bytes > 0), key=lambda part: -part.total_bytes)
    areas = squarify.normalize_sizes([part.total_bytes for part in largest], box.width, box.height)
    places = squarify.squarify(areas, 0, 0, box.width, box.height)
    return [_tile(part, place, rank) for rank, (part, place) in enumerate(zip(largest, places, strict=True))]


def _tile(part: Part, place: dict[str, float], rank: int) -> Shape:
    width, height = max(place["dx"] - GAP, 1.0), max(place["dy"] - GAP, 1.0)
    words = shortened(part.label, width - 12) if height >= LINE + 8 else ""
    return Shape(
        part, round(place["x"], 1), round(place["y"], 1), round(width, 1), round(height, 1), rank % SHADES, words
    )


def columns(parts: Sequence[Part], box: Box) -> list[Shape]:
    """Upright bars side by side, in the order of the parts, the highest as high as the picture."""
    most = max((part.total_bytes for part in parts), default=0) or 1
    step = box.width / max(len(parts), 1)
    bar = max(step - max(GAP, step * 0.2), 1.0)
    tall = [max(part.total_bytes / most * box.height, 1.0 if part.total_bytes else 0.0) for part in parts]
    return [
        Shape(part, round(n * step, 1), round(box.height - tall[n], 1), round(bar, 1), round(tall[n], 1), 0)
        for n, part in enumerate(parts)
    ]


def shortened(text: str, room: float) -> str:
    """The text, or as much of its end as there is room for: folders differ at their ends."""
    letters = int(room / LETTER)
    if len(text) <= letters:
        return text
    return f"…{text[-(letters - 1) :]}" if letters >= 4 else ""
