"""Views of the library that people keep under a name, for themselves or for their team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse
from medialib.models import Account, SavedView
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetSort

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_VIEWS = 200  # Of one person in one account; a menu with more helps nobody.


@dataclass(frozen=True)
class OpenView:
    """A view as a menu shows it. `filter` is None when what was stored means nothing any more."""

    view: SavedView
    filter: AssetFilter | None
    sort: AssetSort
    is_mine: bool


def visible_to(user: User, account: Account) -> list[OpenView]:
    """The person's own views and those that the team shares, by name. One query."""
    views = SavedView.objects.visible_to(user).filter(account=account).select_related("owner").order_by("name", "pk")
    return opened(views[: 2 * MAX_VIEWS], user)


def opened(views: Iterable[SavedView], user: User) -> list[OpenView]:
    """As a menu of this person shows them."""
    return [_opened(view, user) for view in views]


def save(
    *, user: User, account: Account, name: str, asset_filter: AssetFilter, sort: AssetSort, is_shared: bool
) -> SavedView:
    """Keep a filter under a name; one's own view of that name is replaced. Raises WrongUse and Refused."""
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise WrongUse(_("Give the view a name of 1 to 80 letters."))
    if not asset_filter:
        raise WrongUse(_("No filter is set, so there is nothing to save. Filter the list first."))
    mine = SavedView.objects.owned_by(user).filter(account=account)
    if mine.exclude(name=name).count() >= MAX_VIEWS:
        raise Refused(_("You have %(count)s views in this account already. Remove one first."), count=MAX_VIEWS)
    fields = {"filter": asset_filter.as_json(), "sort": sort.value, "is_shared": is_shared}
    return mine.update_or_create(account=account, owner=user, name=name, defaults=fields)[0]


def forget(view_id: int, *, user: User, account: Account) -> str:
    """Remove a view of one's own; returns its name. Raises Refused for another person's or an unknown one."""
    view = SavedView.objects.owned_by(user).filter(account=account, pk=view_id).first()
    if view is None:
        raise Refused(_("This view does not exist any more, or it is not yours to remove."))
    view.delete()
    return view.name


def _opened(view: SavedView, user: User) -> OpenView:
    try:
        asset_filter, sort = AssetFilter.from_json(view.filter), AssetSort(view.sort)
    except (WrongUse, ValueError, TypeError, AttributeError):
        return OpenView(view, None, AssetSort.NEWEST, view.owner_id == user.pk)
    return OpenView(view, asset_filter or None, sort, view.owner_id == user.pk)
