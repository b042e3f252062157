"""Which copies there are: rows beside the storage, written once its bytes are safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from medialib.imagekit.types import RemoteFile
from medialib.models import DeletionJob, KeptContent, KeptCopy
from medialib.models.manifests import FrozenFile
from medialib.services.base.clock import shared_now
from medialib.services.copies.fetching import Fetched
from medialib.services.sync.indexing import shown_values, storable_json

ROUNDS = 5
_AS_SHOWN = (
    *("path", "url", "size_bytes", "version_name", "is_private", "is_published"),
    *("tags", "custom_metadata"),
)


def keep(job: DeletionJob, fetched: Sequence[Fetched]) -> list[str]:
    """Note copies that lie in the storage. Returns names there that nobody needs: their bytes were kept before."""
    at = shared_now()
    with transaction.atomic():
        contents = _contents(job, fetched, at=at)
        KeptCopy.objects.bulk_create(
            (_copy(job, one.file, contents[one.sha256], at=at) for one in fetched), ignore_conflicts=True
        )
    return [one.name for one in fetched if contents[one.sha256].name != one.name]


def _contents(job: DeletionJob, fetched: Sequence[Fetched], *, at: datetime) -> dict[str, KeptContent]:
    """By hash, the rows of the bytes, locked, so that none of them can leave meanwhile."""
    by_hash = {one.sha256: one for one in fetched}
    held: dict[str, KeptContent] = {}
    for _ in range(ROUNDS):
        KeptContent.objects.bulk_create(
            [
                KeptContent(
                    account_id=job.account_id,
                    sha256=sha256,
                    size_bytes=one.file.size_bytes,
                    name=one.name,
                    kept_at=at,
                )
                for sha256, one in sorted(by_hash.items())
                if sha256 not in held
            ],
            ignore_conflicts=True,
        )
        found = KeptContent.objects.staying().select_for_update().order_by("pk")
        held |= {row.sha256: row for row in found.filter(account_id=job.account_id, sha256__in=by_hash)}
        if len(held) == len(by_hash):
            return held
    raise RuntimeError("Content left while it was to be kept.")


def reuse(job: DeletionJob, files: Iterable[RemoteFile]) -> set[str]:
    """Let copies that another job made of the very same versions serve this one. Returns their file ids."""
    by_id = {file.file_id: file for file in files}
    at = shared_now()
    with transaction.atomic():
        earlier = KeptCopy.objects.of_files(job.account_id, list(by_id)).exclude(job=job)
        fitting = {copy.file_id: copy for copy in earlier if _is_of(copy, by_id[copy.file_id])}
        contents = KeptContent.objects.staying().select_for_update().order_by("pk")
        rows = contents.filter(pk__in=[copy.content_id for copy in fitting.values()]) if fitting else []
        staying = {row.pk: row for row in rows}
        KeptCopy.objects.bulk_create(
            (
                _copy(job, by_id[file_id], staying[copy.content_id], at=at)
                for file_id, copy in fitting.items()
                if copy.content_id in staying
            ),
            ignore_conflicts=True,
        )
    return {file_id for file_id, copy in fitting.items() if copy.content_id in staying}


def copied_among(job: DeletionJob, items: Iterable[FrozenFile]) -> set[str]:
    """Ids of the files of which the job has a copy of the very version that was frozen."""
    frozen = {item.file_id: item for item in items}
    rows = KeptCopy.objects.filter(job_id=job.pk, file_id__in=frozen, content__is_leaving=False)
    columns = rows.values_list("file_id", "path", "size_bytes", "file_updated_at", "version_name")
    return {row[0] for row in columns if FrozenFile(*row) == frozen[row[0]]}


def has_copies(job: DeletionJob) -> bool:
    return KeptCopy.objects.filter(job=job).exists()


def _is_of(copy: KeptCopy, file: RemoteFile) -> bool:
    kept = (copy.path, copy.size_bytes, copy.file_updated_at, copy.version_name)
    return kept == (file.path, file.size_bytes, file.updated_at, file.version_name)


def _copy(job: DeletionJob, file: RemoteFile, content: KeptContent, *, at: datetime) -> KeptCopy:
    shown = shown_values(file)
    return KeptCopy(
        account_id=job.account_id,
        content=content,
        job=job,
        file_id=file.file_id,
        file_created_at=file.created_at,
        file_updated_at=file.updated_at,
        **{name: shown[name] for name in _AS_SHOWN},
        ai_tags=_list(storable_json(file.raw.get("AITags"))),
        custom_coordinates=_text(storable_json(file.raw.get("customCoordinates"))),
        description=_text(storable_json(file.raw.get("description"))),
        known=storable_json(dict(file.raw)),
        copied_at=at,
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
