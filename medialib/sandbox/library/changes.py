"""`PATCH /v1/files/{fileId}/details`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File
from medialib.sandbox.library.library import Library, now_ms


def update(
    library: Library, file_id: str, changes: dict[str, Any], *, ai_tags: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Change what `changes` names and answer with the file as it is then. Raises Refusal: 400 for a wrong value.

    `ai_tags` are set by ImageKit's extensions, not by a call.
    """
    with library.lock:
        file = library.file(file_id)
        new = replace(file, **_new_fields(file, changes, ai_tags), updated_ms=max(now_ms(), file.updated_ms + 1))
        library.replace(new)
        return {**new.as_json(library.endpoint), "extensionStatus": {}}


def _new_fields(file: File, changes: dict[str, Any], ai_tags: list[dict[str, Any]] | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "tags" in changes:
        fields["tags"] = checked_tags(changes["tags"])
    if "publish" in changes:
        fields["is_published"] = _is_published(changes["publish"])
    extra = dict(file.extra or {})
    for name in ("customCoordinates", "description"):
        if name in changes:
            extra[name] = _text_or_none(name, changes[name])
    if "customMetadata" in changes:
        extra["customMetadata"] = _merged(extra.get("customMetadata") or {}, changes["customMetadata"])
    if ai_tags is not None:
        extra["AITags"] = ai_tags or None
    if "removeAITags" in changes:
        extra["AITags"] = _without(extra.get("AITags") or [], changes["removeAITags"])
    return {**fields, "extra": {name: value for name, value in extra.items() if value is not None} or None}


def _without(ai_tags: list[dict[str, Any]], removed: Any) -> list[dict[str, Any]] | None:
    if removed != "all" and not (isinstance(removed, list) and all(isinstance(name, str) for name in removed)):
        raise Refusal(400, "Your request contains invalid removeAITags parameter.")
    return [tag for tag in ai_tags if removed != "all" and tag["name"] not in removed] or None


def checked_tags(tags: Any) -> tuple[str, ...]:
    if tags is None:
        return ()
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal(400, "tags should be an Array of strings.")
    if sum(map(len, tags)) > 500 or any("%" in tag for tag in tags):
        raise Refusal(400, "Your request contains invalid tags parameter.")
    return tuple(filter(None, tags))


def _is_published(publish: Any) -> bool:
    if not isinstance(publish, dict) or not isinstance(publish.get("isPublished"), bool):
        raise Refusal(400, "Your request contains invalid publish parameter.")
    return bool(publish["isPublished"])


def _text_or_none(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Refusal(400, f"Your request contains invalid {name} parameter.")
    return value


def _merged(known: dict[str, Any], new: Any) -> dict[str, Any]:
    if not isinstance(new, dict):
        raise Refusal(400, "Invalid custom metadata.", errors={"customMetadata": "should be an object"})
    return {name: value for name, value in {**known, **new}.items() if value is not None}
