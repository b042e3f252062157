"""What would stay unseen in a name is marked, and nothing else is."""

from __future__ import annotations

import pytest

from medialib.models.query.visible import visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/archive /one.jpg", "/archive␣/one.jpg"),
        ("/ /lead.jpg", "/␣/lead.jpg"),
        (" x.jpg ", "␣x.jpg␣"),
        ("a  b.jpg", "a ␣b.jpg"),
        ("/line\nbreak.jpg", "/line↵break.jpg"),
        ("tab\tname.jpg", "tab⇥name.jpg"),
        ("holiday\u202egpj.exe", "holiday⟨U+202E⟩gpj.exe"),
        ("zero\u200bwidth.jpg", "zero⟨U+200B⟩width.jpg"),
        ("no\u00a0break.jpg", "no⟨U+00A0⟩break.jpg"),
        ("\U000e0041.jpg", "⟨U+E0041⟩.jpg"),
        ("plain name, with (signs) – ä 中文 🙂.jpg", "plain name, with (signs) – ä 中文 🙂.jpg"),
        ("☀️.png", "☀️.png"),
        ("", ""),
    ],
)
def test_only_what_cannot_be_seen_is_marked(name: str, shown: str) -> None:
    assert visible(name) == shown
