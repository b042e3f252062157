"""Files selected, frozen and planned are the same files, or nothing starts: what was seen is what goes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from medialib.errors import ManifestChanged, Refused, grouped
from medialib.models import Asset, Item, Manifest, Selection, SelectionItem
from medialib.models.memberships import DeleteScope

SELECTED = "selected"  # In a manifest's source: how many files were selected when it was frozen.


def refuse_other_than_shown(selected: int, shown: int | None) -> None:
    """Raises Refused when the person saw another number than is selected now. None where nobody saw any."""
    if shown is not None and selected != shown:
        raise Refused(
            _(
                "You saw %(shown)s selected files, and now there are %(selected)s, so nothing was frozen. Look again "
                "before you go on."
            ),
            shown=grouped(shown),
            selected=grouped(selected),
        )


def refuse_unequal(manifest: Manifest) -> None:
    """Raises ManifestChanged unless each selected file is frozen or named as outside, and each frozen one is there."""
    selected = manifest.source.get(SELECTED)
    outside = int(manifest.source.get("outside_scope") or 0)
    held = manifest.items.count()
    if held != manifest.file_count or (selected is not None and selected != manifest.file_count + outside):
        raise ManifestChanged(
            _(
                "%(selected)s files were selected, %(frozen)s frozen, %(outside)s left out and %(held)s are in the "
                "list now. These do not add up, so nothing is deleted: select again."
            ),
            selected=grouped(manifest.file_count + outside if selected is None else selected),
            frozen=grouped(manifest.file_count),
            outside=grouped(outside),
            held=grouped(held),
        )


def refuse_changed_selection(manifest: Manifest, scope: DeleteScope) -> None:
    """Raises Refused when the selection that was frozen holds other files by now, in any tab.

    `scope` is where its person may delete: selected files elsewhere are not in the list. Files that are gone by now,
    and a selection that has expired, change nothing.
    """
    selection = _changed_since(manifest)
    if selection is None:
        return
    added = _added(manifest, selection, scope).count()
    taken_out = _taken_out(manifest, selection).count()
    if added or taken_out:
        raise Refused(
            _(
                "Your selection changed since this list was frozen (%(added)s added, %(fewer)s taken out), so "
                "nothing is deleted. Review what is selected now."
            ),
            added=grouped(added),
            fewer=grouped(taken_out),
        )


def _changed_since(manifest: Manifest) -> Selection | None:
    if manifest.source.get("kind") != "selection":
        return None
    key = UUID(str(manifest.source["selection"]))
    return Selection.objects.current().filter(pk=key, touched_at__gt=manifest.frozen_at).first()


def _added(manifest: Manifest, selection: Selection, scope: DeleteScope) -> QuerySet[Asset]:
    """Files that are ticked now, still there and within the scope, and not in the list."""
    ticked = selection.items.filter(is_excluded=False).values("asset_id")
    frozen = Item.objects.filter(manifest=manifest, file_id=OuterRef("file_id"))
    return Asset.objects.live(manifest.account).filter(scope.condition(), ~Exists(frozen), pk__in=ticked)


def _taken_out(manifest: Manifest, selection: Selection) -> QuerySet[Item]:
    """Files of the list that are no longer ticked."""
    ticked = SelectionItem.objects.filter(
        selection=selection,
        is_excluded=False,
        asset__account_id=manifest.account_id,
        asset__file_id=OuterRef("file_id"),
    )
    return manifest.items.filter(~Exists(ticked))
