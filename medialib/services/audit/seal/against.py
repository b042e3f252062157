"""Holds the chain to anchors that lie elsewhere: in the second place, or in a file that was taken from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models import AuditSegment
from medialib.services.audit.seal import anchors, copies
from medialib.services.audit.seal.anchors import Anchor, Contradicted


@dataclass(frozen=True)
class Seen:
    """Anchors as another place has them. `is_live` where they have to be there within minutes."""

    name: str
    anchors: list[Anchor]
    is_live: bool = False


def configured() -> Seen | None:
    """What the second place holds, where it can be read from here. Raises OSError when it should and cannot."""
    place = settings.AUDIT_ANCHOR_COPY
    if not place or copies.is_address(place):
        return None
    found = [anchor for path in _files(Path(place), place) for anchor in anchors.every(path)]
    return Seen(place, found, is_live=True)


def _files(path: Path, place: str) -> list[Path]:
    if place.endswith("/"):
        return sorted(one for one in path.iterdir() if one.suffix == ".jsonl")
    path.parent.stat()  # Says so when the mount is gone; a file that was not begun yet is empty.
    return [path]


def of_file(file: TextIO, name: str) -> Seen:
    return Seen(name, list(filter(None, map(anchors.parse, file))))


def read(path: Path) -> Seen:
    """A file, or a directory, that was taken from the second place."""
    if not path.exists():
        raise WrongUse(_("There is no file %(path)s."), path=path)
    files = _files(path, f"{path}/") if path.is_dir() else [path]
    return Seen(path.name, [anchor for one in files for anchor in anchors.every(one)])


def valid(seen: Iterable[Anchor]) -> list[Anchor]:
    """Without those that a person accepted as lost later on."""
    left: list[Anchor] = []
    for anchor in seen:
        if anchor.restored_from is not None:
            left = [earlier for earlier in left if earlier.number <= anchor.restored_from]
        left.append(anchor)
    return left


def misfit(seen: Iterable[Anchor], hashes: Mapping[int, str]) -> Anchor | None:
    """The anchor of the lowest segment that the chain does not hold, as it was noted."""
    bad = [anchor for anchor in valid(seen) if anchor.number and hashes.get(anchor.number) != anchor.hash]
    return min(bad, key=lambda anchor: anchor.number, default=None)


def refuse_loss(seen: Seen | None) -> None:
    """Raises Lost with the last segment up to which chain and anchors agree."""
    if seen is None:
        return
    hashes = dict(AuditSegment.objects.values_list("number", "hash"))
    if anchor := misfit((one for one in seen.anchors if one.is_signed), hashes):
        raise Lost(anchor, seen.name)


class Lost(Contradicted):
    """The database does not hold what the second place has."""

    def __init__(self, anchor: Anchor, name: str) -> None:
        text = _("Segment %(number)s is not the one that was sealed and noted in %(file)s.")
        super().__init__(text, number=anchor.number, file=name)
        self.anchor = anchor


def acceptances(seen: Seen) -> Iterator[str]:
    """Each time that somebody with the log's key gave later seals up, for a person to ask why."""
    for anchor in seen.anchors:
        if anchor.restored_from is not None:
            at = anchor.noted_at or "an unknown day"
            yield f"On {at} somebody with the log's key gave up all sealed after segment {anchor.restored_from}."
