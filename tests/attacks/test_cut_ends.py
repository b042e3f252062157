"""Somebody cuts the log's end and whatever would tell of it: the export's last line, or the anchors."""

from __future__ import annotations

import json

import pytest

from medialib.services.audit.seal import anchors, keys, sealing, verify
from tests.services.audit.conftest import as_dba, own_data_dir, record, run, sealed
from tests.services.audit.test_verify_export import check, export

__all__ = ["as_dba", "check", "export", "own_data_dir", "run", "sealed"]
pytestmark = pytest.mark.django_db
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"


def _cut(lines: list[str], *, signature: str) -> list[str]:
    """Without the last segment, and with an end line that agrees."""
    place = max(n for n, line in enumerate(lines) if line.startswith('{"segment"'))
    left = lines[:place]
    events = sum(not line.startswith(('{"segment"', '{"exported_at"')) for line in left)
    last = json.loads(lines[place])["segment"]
    told = {"events": events, "last_segment": last["number"] - 1, "head": last["previous"], "anchor": None}
    end = json.loads(lines[-1])["end"] | told
    return [*left, json.dumps({"end": end, "signature": signature}) + "\n"]


ENDS = {
    "cut, and unsigned": lambda lines: _cut(lines, signature=""),
    "cut, with the signature of the whole": lambda lines: _cut(lines, signature=json.loads(lines[-1])["signature"]),
    "whole, and unsigned": lambda lines: [*lines[:-1], json.dumps(json.loads(lines[-1]) | {"signature": ""}) + "\n"],
    "none": lambda lines: lines[:-1],
}


@pytest.mark.parametrize("attempt", ENDS)
def test_with_a_key_given_a_changed_end_is_not_whole(sealed, export, check, attempt):
    path = export()
    path.write_text("".join(ENDS[attempt](path.read_text().splitlines(keepends=True))))
    code, said = check(path, "--public-key", keys.signing_key().public)
    assert (code, said[:10]) == (1, "Not whole.")


def test_removed_anchors_are_told_before_and_after_the_sealer_goes_on(sealed, as_dba, settings, run, export, check):
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    settings.AUDIT_ANCHOR_FILE.unlink()
    done = run("verifyaudit")
    assert (done.code, "holds no anchor" in done.err) == (1, True)
    record(50)
    sealing.seal_all()
    assert verify.verify().problem.startswith("The anchors before segment 2 are missing")
    code, said = check(export(), "--anchors", settings.AUDIT_ANCHOR_FILE)
    assert (code, "anchors before segment 2 are missing" in said) == (1, True)


def test_a_person_may_accept_that_anchors_are_gone_and_that_stays_on_record(sealed, settings, run, export, check):
    settings.AUDIT_ANCHOR_FILE.unlink()
    assert run("sealaudit", "--accept-restore", "a new disk").code == 0
    assert verify.verify().problem == ""
    assert check(export(), "--anchors", settings.AUDIT_ANCHOR_FILE)[0] == 0
    assert run("sealaudit", "--accept-restore", "again").code == 1


def test_empty_anchors_prove_nothing(sealed, settings, export, check):
    path = export()
    settings.AUDIT_ANCHOR_FILE.write_text("")
    assert check(path, "--anchors", settings.AUDIT_ANCHOR_FILE)[0] == 1
    assert verify.verify().problem.endswith("holds no anchor.")


def test_a_torn_line_does_not_swallow_the_next_anchor(sealed, settings):
    with open(settings.AUDIT_ANCHOR_FILE, "a") as file:
        file.write('{"anchor":{"events":13,"for')
    record(13)
    sealing.seal_all()
    assert [anchor.number for anchor in anchors.every()] == [0, 3, 4]
    assert verify.verify().problem == ""
