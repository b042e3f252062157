"""No CSV of ours makes a spreadsheet calculate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medialib.services.base.csv_cells import plain

PRODUCT = Path(__file__).parents[2] / "medialib"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_would_be_a_formula_becomes_text(start):
    assert plain(f"{start}1+1") == f"'{start}1+1"


def test_other_text_stays_as_it_is():
    assert [plain(text) for text in ("", "/a/b.jpg", "a=b", "'quoted")] == ["", "/a/b.jpg", "a=b", "'quoted"]


def test_whoever_writes_a_csv_uses_it():
    writers = {path for path in PRODUCT.rglob("*.py") if "csv.writer" in path.read_text(encoding="utf-8")}
    assert len(writers) >= 3
    guarded = {
        path for path in writers if re.search(r"import (BOM, )?plain$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert writers - guarded == set()
