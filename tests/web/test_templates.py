"""Templates without their indentation: what a reader sees and what a catalogue is asked for stay as they were."""

from __future__ import annotations

import pytest

from medialib.web.templates import trimmed

TEXT = "{% blocktranslate %}\n a\n{% endblocktranslate %}"
AREA = "<textarea>\n  a\n</textarea>"


@pytest.mark.parametrize(
    ("written", "loaded"),
    [
        ("<ul>\n    <li>\n\n  a\n  </li>\n</ul>", "<ul>\n<li>\na\n</li>\n</ul>"),
        ("a\n  {% if x %}\n    b\n  {% else %}\n    c\n  {% endif %}\nd", "a\n{% if x %}b\n{% else %}c\n{% endif %}d"),
        (
            "<i\n  {% if x %}a{% endif %}\n  {% if y %}b{% endif %}>",
            "<i\n{% if x %}a{% endif %}\n{% if y %}b{% endif %}>",
        ),
        ("<b>a</b> {{ b }}\n  {% include x %}\n  c", "<b>a</b> {{ b }}\n{% include x %}\nc"),
        (f"{TEXT}\n  b", f"{TEXT}\nb"),
        (f"{AREA}\n  b", f"{AREA}\nb"),
    ],
)
def test_breaks_and_blanks_between_tags_become_one(written: str, loaded: str) -> None:
    assert trimmed(written) == loaded
