"""Where each part of a picture goes in its SVG. Sizes are in the units of the picture's viewBox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """Its place in a picture. Templates write the numbers without the reader's decimal comma."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Slots:
    """A row of equal places for upright bars."""

    count: int
    box: Box
    gap: float
    indent: float = 0.0

    @property
    def step(self) -> float:
        return self.box.width / max(self.count, 1)

    def bar(self, slot: int, height: float, *, floor: float = 0.0) -> Rectangle:
        """A bar that stands on the ground, or `floor` above it on another bar."""
        return Rectangle(
            x=slot * self.step + self.indent,
            y=self.box.height - floor - height,
            width=max(self.step - self.gap, 1.0),
            height=height,
        )


class ChartPart(Protocol):
    """What a picture is made of: a name and how large it is; the template knows the list that it stands for."""

    @property
    def label(self) -> str: ...
    @property
    def total_bytes(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Shape(Rectangle):
    """A rectangle that stands for `part`. Its words are empty where they would not fit."""

    part: Any
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


def treemap(parts: Sequence[ChartPart], box: Box) -> list[Shape]:
    """Rectangles whose areas are as the bytes of the parts, the largest first. Parts without bytes have none."""
    largest = sorted((part for part in parts if part.total_bytes > 0), key=lambda part: -part.total_bytes)
    areas = squarify.normalize_sizes([part.total_bytes for part in largest], box.width, box.height)
    places = squarify.squarify(areas, 0, 0, box.width, box.height)
    return [_tile(part, place, rank) for rank, (part, place) in enumerate(zip(largest, places, strict=True))]


def _tile(part: ChartPart, place: dict[str, float], rank: int) -> Shape:
    width, height = max(place["dx"] - GAP, 1.0), max(place["dy"] - GAP, 1.0)
    words = shortened(part.label, width - 12) if height >= LINE + 8 else ""
    tile = Rectangle(x=place["x"], y=place["y"], width=width, height=height)
    return _shape(part, tile, shade=rank % SHADES, words=words)


def columns(parts: Sequence[ChartPart], box: Box) -> list[Shape]:
    """Upright bars side by side, in the order of the parts, the highest as high as the picture."""
    most = max((part.total_bytes for part in parts), default=0) or 1
    slots = Slots(len(parts), box, gap=max(GAP, box.width / max(len(parts), 1) * 0.2))
    tall = [max(part.total_bytes / most * box.height, 1.0 if part.total_bytes else 0.0) for part in parts]
    return [_shape(part, slots.bar(slot, tall[slot])) for slot, part in enumerate(parts)]


def _shape(part: ChartPart, place: Rectangle, *, shade: int = 0, words: str = "") -> Shape:
    numbers = {name: round(value, 1) for name, value in asdict(place).items()}
    return Shape(part=part, shade=shade, words=words, **numbers)


def shortened(text: str, room: float) -> str:
    """The text, or as much of its end as there is room for: folders differ at their ends."""
    letters = int(room / LETTER)
    if len(text) <= letters:
        return text
    return f"…{text[-(letters - 1) :]}" if letters >= 4 else ""
