"""How a person likes to see the library: table or grid, how dense, which columns. Remembered for the person."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from medialib.models import ListPreferences
from medialib.views.access import account_named, person, staff_may
from medialib.views.library import columns
from medialib.web.context_processors import around_of
from medialib.web.redirects import redirect_to_list

RAIL = ("open", "closed")


class Layout(models.TextChoices):
    TABLE = "table", _("Table")
    GRID = "grid", _("Grid")


class Density(models.TextChoices):
    COMPACT = "compact", _("Compact")
    NORMAL = "normal", _("Normal")
    ROOMY = "roomy", _("Roomy")


# The sides of a thumbnail in pixels, for screens with two dots to the pixel where that stays small.
THUMBNAILS = {
    Layout.TABLE: {Density.COMPACT: 48, Density.NORMAL: 64, Density.ROOMY: 96},
    Layout.GRID: {Density.COMPACT: 180, Density.NORMAL: 260, Density.ROOMY: 380},
}


@dataclass(frozen=True)
class Display:
    """How a list is laid out; ListPreferences stores it."""

    layout: str = Layout.TABLE.value
    density: str = Density.NORMAL.value
    columns: tuple[str, ...] = columns.DEFAULT_KEYS
    sidebar: str = "open"

    @classmethod
    def from_stored(cls, stored: Any) -> Display:
        """What was stored once, as far as it still means something."""
        given = stored if isinstance(stored, dict) else {}
        display = cls()
        for key, values in (("layout", Layout.values), ("density", Density.values), ("sidebar", RAIL)):
            if given.get(key) in values:
                display = replace(display, **{key: given[key]})
        if isinstance(given.get("columns"), list | tuple):
            display = replace(display, columns=tuple(key for key in columns.KEYS if key in given["columns"]))
        return display

    def changed_by(self, data: QueryDict) -> Display:
        """With what a form asks for. The column boxes only count when the form held them."""
        wish = {key: data[key] for key in ("layout", "density", "sidebar") if key in data}
        boxes = {"columns": data.getlist("column")} if "columns" in data else {}
        return Display.from_stored(asdict(self) | wish | boxes)

    @property
    def has_sidebar(self) -> bool:
        return self.sidebar == "open"

    @property
    def is_grid(self) -> bool:
        return self.layout == Layout.GRID

    @property
    def pixels(self) -> int:
        return THUMBNAILS[Layout(self.layout)][Density(self.density)]

    @property
    def has_own_columns(self) -> bool:
        """Whether the person chose them, so that a narrow window may not leave any out."""
        return self.columns != columns.DEFAULT_KEYS


def preferences_of(request: HttpRequest) -> Display:
    """How the person likes lists; `view` in the address outweighs it, so that a shared link shows what it showed."""
    known = around_of(request).list
    stored = known.choices if known else ListPreferences.objects.choices_of(person(request))
    display = Display.from_stored(stored)
    return Display.from_stored(asdict(display) | {"layout": request.GET["view"]}) if "view" in request.GET else display


@require_POST
@staff_may("view_library")
def preferences_change(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    display = Display() if "reset" in request.POST else preferences_of(request).changed_by(request.POST)
    ListPreferences.objects.update_or_create(owner=person(request), defaults={"choices": asdict(display)})
    return redirect_to_list(reverse("medialib:library", args=[owner.name]), request.POST.get("query", ""))
