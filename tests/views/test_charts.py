"""Pictures: areas as the bytes, nothing outside, nothing on top of another."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.views import charts

WIDTH, HEIGHT = 800, 300
BOX = charts.Box(WIDTH, HEIGHT)


@dataclass(frozen=True)
class Part:
    label: str
    total_bytes: int


sizes = st.lists(st.integers(0, 10**12), max_size=30)


def parts(amounts: list[int]) -> list[Part]:
    return [Part(f"/folder/{number}", amount) for number, amount in enumerate(amounts)]


@given(sizes)
def test_each_part_with_bytes_has_one_tile_inside_the_picture(amounts: list[int]) -> None:
    tiles = charts.treemap(parts(amounts), BOX)
    assert {tile.part for tile in tiles} == {part for part in parts(amounts) if part.total_bytes}
    for tile in tiles:
        assert -0.1 <= tile.x <= WIDTH
        assert -0.1 <= tile.y <= HEIGHT
        assert tile.x + tile.width <= WIDTH + 1
        assert tile.y + tile.height <= HEIGHT + 1


def test_tiles_are_as_large_as_their_bytes() -> None:
    large, small = charts.treemap(parts([300, 100]), BOX)
    assert large.width * large.height / (small.width * small.height) == pytest.approx(3, rel=0.05)


@given(sizes)
def test_columns_stand_on_the_ground_and_the_largest_is_as_high_as_the_picture(amounts: list[int]) -> None:
    bars = charts.columns(parts(amounts), BOX)
    assert [bar.part for bar in bars] == parts(amounts)
    assert all(bar.y + bar.height == pytest.approx(HEIGHT, abs=0.2) for bar in bars)
    if any(amounts):
        assert max(bar.height for bar in bars) == pytest.approx(HEIGHT)


def test_label_keeps_its_end_where_room_is_short_and_goes_where_there_is_none() -> None:
    assert charts.shortened("/campaigns/2024", 400) == "/campaigns/2024"
    assert charts.shortened("/campaigns/2024", 50) == "…s/2024"
    assert charts.shortened("/campaigns/2024", 10) == ""
