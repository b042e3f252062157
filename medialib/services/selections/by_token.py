"""Selections of programs: each its own, beside what the person ticks on the pages, and by file ids."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.models import Account, ApiToken, Asset, Selection
from medialib.services.base.slices import slices
from medialib.services.selections.ticks import SLICE

MAX_SELECTIONS = 100  # Of one token at a time.


def begin(account: Account, token: ApiToken) -> Selection:
    """An empty selection. Raises Refused with very many already: they expire by themselves, or are removed."""
    if Selection.objects.current().filter(token=token).count() >= MAX_SELECTIONS:
        raise Refused(_("This token has %(count)s selections already. Remove one first."), count=MAX_SELECTIONS)
    return Selection.objects.create(owner=token.user, account=account, token=token)


def rows_named(account: Account, file_ids: Sequence[str]) -> tuple[list[int], list[str]]:
    """Row numbers of the files that are there, and the ids that name none of them."""
    found: dict[str, int] = {}
    for some in slices(dict.fromkeys(file_ids), SLICE):
        rows = Asset.objects.live(account).filter(file_id__any_of=set(some)).order_by()
        found |= dict(rows.values_list("file_id", "pk"))
    return list(found.values()), [file_id for file_id in dict.fromkeys(file_ids) if file_id not in found]
