#!/usr/bin/env python3
"""Checks an export of medialib's audit log (exportaudit --with-proof), or a job's receipt, without medialib.

    python3 verify_export.py audit.jsonl [--public-key HEX] [--anchors audit-anchors.jsonl]
    python3 verify_export.py job-12-receipt.json [--public-key HEX] [--outcomes job-12-outcomes.jsonl]

Needs Python 3.11 and the package `cryptography`. docs/audit.md describes the format, so that you can write your own.
Exit code 0: whole. 1: not whole, and the first bad place. 2: wrong use.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EXPORT, SEGMENT, END = "medialib-audit-export-1", "medialib-segment-1", "medialib-audit-end-1"
MANIFEST = "medialib-manifest-1"
ANCHOR, RECEIPT, PRUNE = "medialib-anchor-1", "medialib-receipt-1", "medialib-prune-1"
NOTHING_BEFORE = "0" * 64
LATE = timedelta(minutes=10)


class Bad(Exception):
    """The first bad place."""


# --- Hashes, trees and signatures.


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical(value: Any) -> bytes:
    """RFC 8785. Enough for what is signed here: texts, whole numbers, true, false, null, and keys in ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 6962: neighbours are joined in pairs; a last one without neighbour goes up as it is."""
    while len(leaves) > 1:
        pairs = [sha256(b"\x01" + leaves[n] + leaves[n + 1]) for n in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[-1:] if len(leaves) % 2 else pairs
    return leaves[0]


def root_from_proof(leaf: bytes, index: int, count: int, proof: list[bytes]) -> bytes:
    proof = list(proof)
    while count > 1:
        if index ^ 1 < count:
            if not proof:
                raise Bad("a proof is too short")
            other = proof.pop(0)
            leaf = sha256(b"\x01" + other + leaf) if index % 2 else sha256(b"\x01" + leaf + other)
        index, count = index // 2, (count + 1) // 2
    if proof:
        raise Bad("a proof is too long")
    return leaf


def is_signed(message: bytes, signature: str, key: str) -> bool:
    """A signature has one spelling: lower case, without blanks."""
    try:
        if bytes.fromhex(signature).hex() != signature:
            return False
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def parsed(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        raise Bad(f"{where} is not JSON") from None
    if not isinstance(value, dict):
        raise Bad(f"{where} is not a JSON object")
    return value


# --- The chain.


class Chain:
    """What was seen so far: each segment must follow the one before and be signed by the key that is due."""

    def __init__(self, key: str | None) -> None:
        self.pinned, self.due = key, ""
        self.signers: set[str] = set()
        self.keys: set[str] = {key} if key else set()
        self.hashes: dict[int, str] = {}
        self.before: dict[str, Any] | None = None
        self.events, self.late = 0, 0
        self.missing: list[int] = []  # Segments whose events are said to be pruned.
        self.pruned: list[dict[str, Any]] = []  # What sealed events say was pruned.
        self.accepted: list[dict[str, Any]] = []  # Anchors by which somebody accepted that seals were lost.

    def check_header(self, header: dict[str, Any], signature: str) -> None:
        where, before = f"Segment {header.get('number')}", self.before
        if header.get("format") != SEGMENT or not is_signed(canonical(header), signature, str(header.get("key"))):
            raise Bad(f"{where}: its header or its signature was changed.")
        self.check_key(header, where)
        if before is None:
            if header["number"] == 1 and (header["previous"], header["first_position"]) != (NOTHING_BEFORE, 1):
                raise Bad(f"{where}: it is not the beginning of a log.")
            return
        if header["number"] != before["number"] + 1:
            raise Bad(f"Segment {before['number'] + 1} is missing: segment {header['number']} follows.")
        if header["previous"] != self.hashes[before["number"]]:
            raise Bad(f"{where}: it does not follow the segment before it.")
        if (
            header["first_position"] != before["first_position"] + before["count"]
            or header["first_id"] <= before["last_id"]
        ):
            raise Bad(f"{where}: its events do not follow those of the segment before it.")

    def check_key(self, header: dict[str, Any], where: str) -> None:
        if self.before is not None and header["key"] != self.due:
            raise Bad(f"{where}: it is signed by the key {header['key']}, which the key before did not name.")
        self.due = header["successor"] or header["key"]
        self.signers.add(header["key"])
        self.keys |= {header["key"], self.due}

    def check_events(self, header: dict[str, Any], lines: list[str], pruned: bool) -> None:
        where = f"Segment {header['number']}"
        if pruned and not lines:
            self.missing.append(header["number"])
        elif len(lines) != header["count"]:
            raise Bad(f"{where}: {header['count']} events were sealed, {len(lines)} are here.")
        elif merkle_root([sha256(b"\x00" + line.encode()) for line in lines]).hex() != header["root"]:
            last = header["first_position"] + header["count"] - 1
            raise Bad(f"{where}: an event of positions {header['first_position']} to {last} was changed or moved.")
        self.note(header, lines)

    def note(self, header: dict[str, Any], lines: list[str]) -> None:
        self.hashes[header["number"]] = sha256(canonical(header)).hex()
        self.before, self.events = header, self.events + len(lines)
        sealed_at, first_time = (datetime.fromisoformat(header[name]) for name in ("sealed_at", "first_time"))
        self.late += sealed_at - first_time > LATE
        self.pruned += [
            event["detail"]
            for event in (json.loads(line) for line in lines if '"audit.pruned"' in line)
            if event["event"] == "audit.pruned"
        ]

    def is_valid(self, statement: dict[str, Any]) -> bool:
        """Whether a key of this log signed it, about this very chain: anybody with the database can insert an event."""
        told = {name: value for name, value in statement.items() if name != "signature"}
        if told.get("format") != PRUNE or told.get("first_segment") != 1 or told.get("key") not in self.keys:
            return False
        if not is_signed(canonical(told), str(statement.get("signature")), told["key"]):
            return False
        # An export from a later segment on need not hold the one that is named.
        number = told["last_segment"]
        return number < min(self.hashes) or self.hashes.get(number) == told["last_segment_hash"]

    def finish(self) -> None:
        excused = max((told["last_segment"] for told in self.pruned if self.is_valid(told)), default=0)
        for number in self.missing:
            if number > excused:
                raise Bad(
                    f"Segment {number}: its events were removed, and nothing signed says that they were archived."
                )
        # What one key signs vouches for all before it, by the links, and for the keys that it names after it.
        if self.pinned and self.before and self.pinned not in self.signers:
            raise Bad(f"The log is not signed by the key {self.pinned}.")


def check_export(path: Path, key: str | None, anchors: Path | None) -> str:
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = (line.rstrip("\n") for line in file)
        first = parsed(next(lines, ""), "The first line")
        if first.get("format") != EXPORT:
            raise Bad("This is no export of the format medialib-audit-export-1.")
        chain = Chain(key)
        end = read_segments(lines, chain)
    chain.finish()
    check_end(end, chain)
    if anchors:
        check_anchors(anchors, chain)
    return report(chain, first_known=min(chain.hashes, default=1))


def read_segments(lines: Iterator[str], chain: Chain) -> dict[str, Any]:
    """Read to the end line, which is returned."""
    line = next(lines, None)
    while line is not None:
        entry = parsed(line, "A line")
        if "end" in entry:
            if next(lines, None) is not None:
                raise Bad("Something follows the end line.")
            return entry
        if "segment" not in entry:
            raise Bad(f"After segment {chain.before and chain.before['number']} an event belongs to no segment.")
        events: list[str] = []
        while (line := next(lines, None)) is not None and not line.startswith(('{"segment":', '{"end":')):
            events.append(line)
        chain.check_header(entry["segment"], entry["signature"])
        chain.check_events(entry["segment"], events, bool(entry.get("pruned")))
    raise Bad("The end line is missing: the file was cut short.")


def check_end(entry: dict[str, Any], chain: Chain) -> None:
    end, last = entry["end"], chain.before
    if chain.pinned and not entry["signature"]:
        raise Bad("The end line is not signed, so the file may have been cut. Export where the log's key is.")
    if entry["signature"] and not any(is_signed(canonical(end), entry["signature"], key) for key in chain.keys):
        raise Bad("The end line or its signature was changed.")
    number = last["number"] if last else 0
    if (end["format"], end["last_segment"]) != (END, number or None) or end["events"] != chain.events:
        raise Bad(f"The file was cut: it was written with {end['events']} events up to segment {end['last_segment']}.")
    if last and end["head"] != chain.hashes[number]:
        raise Bad(f"Segment {number} is not the one that the end line names.")
    if end["anchor"]:
        hold_to_anchor(end["anchor"], chain)


def check_anchors(path: Path, chain: Chain) -> None:
    """Hold the chain to the anchors kept outside the database; the last line that a crash cut short is passed over."""
    valid: list[dict[str, Any]] = []
    for line in path.read_text(encoding="ascii").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        anchor = entry["anchor"]
        if anchor["format"] != ANCHOR or anchor["key"] not in chain.keys:
            raise Bad(f"The anchor of segment {anchor['number']} is signed by an unknown key.")
        if not is_signed(canonical(anchor), entry["signature"], anchor["key"]):
            raise Bad(f"The anchor of segment {anchor['number']} was changed.")
        if "restored_from" in anchor:
            chain.accepted.append(anchor)
            earlier = [one for one in valid if one["number"] <= anchor["restored_from"]]
            valid = [one for one in earlier if not one.get("begins_anew")]
        valid.append(anchor)
    if chain.hashes and not valid:
        raise Bad(f"{path.name} holds no anchor, although the log has seals.")
    for anchor in valid:
        hold_to_anchor(anchor, chain)
        if anchor.get("begins_anew"):
            raise Bad(f"The anchors before segment {anchor['number']} are missing: their file was removed or moved.")


def hold_to_anchor(anchor: dict[str, Any], chain: Chain) -> None:
    last = max(chain.hashes, default=0)
    if anchor["number"] > last:
        raise Bad(f"Segment {last + 1} is missing: segment {anchor['number']} was noted outside the database. "
                  "The log was cut off or rolled back.")  # fmt: skip
    if anchor["number"] in chain.hashes and chain.hashes[anchor["number"]] != anchor["hash"]:
        raise Bad(f"Segment {anchor['number']} is not the one noted outside the database.")


def report(chain: Chain, first_known: int) -> str:
    key = chain.before["key"] if chain.before else "nobody"
    words = [f"{chain.events} events in {len(chain.hashes)} segments, whole, signed by {key}."]
    if first_known > 1:
        words.append(f"They begin with segment {first_known}; what was before is not in this file.")
    if chain.missing:
        words.append(f"The events of {len(chain.missing)} segments were archived and removed, as the log says.")
    if chain.late:
        words.append(f"{chain.late} of the segments were sealed more than ten minutes after an event in them.")
    words += [
        f"On {anchor.get('noted_at')} somebody with the log's key accepted a loss: all sealed after segment "
        f"{anchor['restored_from']}."
        for anchor in chain.accepted
    ]
    if not chain.pinned:
        words.append("Compare the key with the one that you were given: whoever made this file may have chosen it.")
    return " ".join(words)


# --- Receipts.


def check_receipt(path: Path, key: str | None, outcomes: Path | None) -> str:
    entry = parsed(path.read_text(encoding="utf-8"), "The receipt")
    receipt = entry["receipt"]
    if receipt.get("format") != RECEIPT or not is_signed(canonical(receipt), entry["signature"], receipt["key"]):
        raise Bad("The receipt or its signature was changed.")
    if key and receipt["key"] != key:
        raise Bad(f"The receipt is signed by the key {receipt['key']}.")
    events = [check_proof(proof) for proof in receipt["proofs"]]
    check_course([event["event"] for event in events])
    check_story(receipt, {event["event"]: event for event in events})
    outcomes = outcomes or path.with_name(receipt["outcomes"]["file"])
    counted = check_outcomes(receipt, outcomes) if outcomes.exists() else "Its file of outcomes is not here."
    asked = "" if key else " Compare the key with the one that you were given."
    return f"Receipt of job {receipt['job']}, whole, signed by {receipt['key']}. {counted}{asked}"


def check_proof(proof: dict[str, Any]) -> dict[str, Any]:
    """The event, once it is shown to be in its signed segment, at its position."""
    header, where = proof["segment"], f"The event at position {proof['position']}"
    if header.get("format") != SEGMENT or not is_signed(canonical(header), proof["signature"], header["key"]):
        raise Bad(f"{where}: the header of its segment or its signature was changed.")
    index, path = proof["position"] - header["first_position"], [bytes.fromhex(step) for step in proof["path"]]
    if not 0 <= index < header["count"]:
        raise Bad(f"{where} is outside its segment.")
    leaf = sha256(b"\x00" + proof["event"].encode())
    if root_from_proof(leaf, index, header["count"], path).hex() != header["root"]:
        raise Bad(f"{where} is not the one that was sealed.")
    return json.loads(proof["event"])


def check_course(kinds: list[str]) -> None:
    """Whoever writes to the database can plant an event that is sealed like any other: none may tell the past anew."""
    turns = [kind for kind in kinds if kind in ("job.finished", "job.verify")]
    if kinds.count("job.confirmed") > 1:
        raise Bad("The job was confirmed more than once.")
    if any(kind != ("job.finished", "job.verify")[place % 2] for place, kind in enumerate(turns)):
        raise Bad("The job ended more often than it began.")
    if turns and kinds[-1] != "job.finished":
        raise Bad("Something was done to the job after its end.")


def check_story(receipt: dict[str, Any], proven: dict[str, dict[str, Any]]) -> None:
    """What the receipt says must be what the sealed events say."""
    if {"job.confirmed", "job.finished"} - set(proven):
        raise Bad("The receipt lacks the proof that the job was confirmed or finished.")
    confirmed, finished = proven["job.confirmed"], proven["job.finished"]
    told = (receipt["job"], receipt["requested_by"], receipt["reason"], receipt["manifest_sha256"], receipt["job"])
    taken_over = proven.get("job.taken_over")
    answers = (
        taken_over["actor_name"] if taken_over else confirmed["detail"].get("in_the_name_of", confirmed["actor_name"])
    )
    sealed = (confirmed["job_id"], answers, confirmed["reason"], confirmed["detail"]["manifest"],
              finished["job_id"])  # fmt: skip
    if told != sealed:
        raise Bad("Who asked, why, or for which list of files is not what was sealed.")
    if finished["detail"].get("manifest", receipt["manifest_sha256"]) != receipt["manifest_sha256"]:
        raise Bad("When the job ended, its list of files was not the one that was confirmed.")
    if any(finished["detail"].get(name) != count for name, count in receipt["sums"].items()):
        raise Bad("The sums are not those that were sealed.")
    if sum(receipt["sums"].values()) != receipt["files"]:
        raise Bad("The outcomes do not add up to the files.")


def check_outcomes(receipt: dict[str, Any], path: Path) -> str:
    data = path.read_bytes()
    if sha256(data).hex() != receipt["outcomes"]["sha256"]:
        raise Bad(f"The file of outcomes {path.name} was changed.")
    counts = Counter(json.loads(line)["outcome"] for line in data.splitlines())
    if {name: count for name, count in receipt["sums"].items() if count} != dict(counts):
        raise Bad("The outcomes of the files do not add up to the receipt's sums.")
    if manifest_hash(receipt, data) != receipt["manifest_sha256"]:
        raise Bad("The files are not those of the list that was confirmed.")
    return f"{sum(counts.values())} files, those that were confirmed, each with its outcome."


def manifest_hash(receipt: dict[str, Any], data: bytes) -> str:
    """The hash of the frozen list: a line on the list, then one for each file, each canonical JSON."""
    head = {"account": receipt["manifest_account"], "file_count": receipt["files"], "format": MANIFEST}
    digest = hashlib.sha256(canonical(head) + b"\n")
    for line in data.splitlines():
        file = json.loads(line)
        digest.update(canonical({name: file[name] for name in ("file_id", "path", "size_bytes", "updated_at")}) + b"\n")
    return digest.hexdigest()


# --- The command.


def wrong(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(2)


def is_receipt(path: Path) -> bool:
    with open(path, encoding="utf-8") as file:
        return file.read(200).lstrip().startswith('{"receipt":')


def main() -> int:
    parser = argparse.ArgumentParser(description="Check an export of medialib's audit log, or a job's receipt.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--public-key", help="The key that you were given, in hex, or the file that holds it.")
    parser.add_argument("--anchors", type=Path, help="The anchors that were kept outside the database.")
    parser.add_argument("--outcomes", type=Path, help="A receipt's file of outcomes, where it is not beside it.")
    given = parser.parse_args()
    for path in (given.file, given.anchors, given.outcomes):
        if path and not path.is_file():
            wrong(f"There is no file {path}.")
    key = given.public_key and (
        Path(given.public_key).read_text() if Path(given.public_key).is_file() else given.public_key
    )
    key = key.strip().lower() if key else None
    try:
        if is_receipt(given.file):
            print(check_receipt(given.file, key, given.outcomes))
        else:
            print(check_export(given.file, key, given.anchors))
    except Bad as problem:
        print(f"Not whole. {problem}")
        return 1
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        print(f"Not whole. A part is missing or of another kind: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
