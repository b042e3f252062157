"""FIELDS, the one table of what a list can be filtered by, and KEYS, the names that its comparisons have in addresses.

The query language, addresses, the filter form, chips, facets and stored filters all read it. See query.kinds for what
a field can do, and CONTRIBUTING for how to add one.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from medialib.models.query.kinds.base import Field
from medialib.models.query.kinds.flags import Flag, Subfolders, Tagged
from medialib.models.query.kinds.ranges import Number, Size, Versions
from medialib.models.query.kinds.texts import Choice, Folder, Format, Metadata, Tags, Text
from medialib.models.query.kinds.times import Age, Time


class AssetKind(models.TextChoices):
    IMAGE = "image", pgettext_lazy("type", "Image")
    VIDEO = "video", pgettext_lazy("type", "Video")
    AUDIO = "audio", pgettext_lazy("type", "Audio")
    DOCUMENT = "document", pgettext_lazy("type", "Document")
    OTHER = "other", pgettext_lazy("type", "Other")


# Where the form asks for a field.
WHERE, WHAT, WHEN, MARKS = _("Where"), _("What"), _("When"), _("Marked with")

_FIELDS = [
    Folder("folder", "folder", title=_("Folder"), group=WHERE, example="/old", is_wide=True),
    Subfolders("subfolders", title=_("and below"), group=WHERE, is_wide=True),
    Choice(
        "type", "kind", key="kind", choices=AssetKind, chip=_("Type %s"),
        group=WHAT, is_wide=True, facet="kind", facet_title=_("Type"),
    ),
    Format(
        "format", "format", chip=_("Format %s"),
        title=_("Formats"), group=WHAT, example="jpg, png", is_wide=True, facet="format", facet_title=_("Format"),
    ),
    Text(
        "name", "name", folded_column="search_name", chip=_("Name contains “%s”"),
        title=_("Name contains"), group=WHERE, is_wide=True,
    ),
    Text("path", "path", folded_column="search_text", key="q", chip=_("Path contains “%s”")),
    Tags(
        "tag", "tags", other_column="ai_tags", chip=_("Tag %s"),
        title=_("All of these tags"), group=MARKS, example=_("sale, 2024"), facet="tag", facet_title=_("Tags"),
    ),
    Tagged(
        "tagged", yes=_("Has tags"), no=_("Has no tags"),
        title=_("Tags at all"), group=MARKS, options=(_("has tags"), _("has none")),
    ),
    Size(
        "size", "size_bytes", at_least=_("At least %s"), at_most=_("At most %s"),
        title=_("Size"), group=WHAT, example="10 MB", facet="size", facet_title=_("Size"),
    ),
    Time(
        "created", "created_at", since=_("Created since %s"), before=_("Created before %s"),
        title=_("Created"), group=WHEN, facet="year", facet_title=_("Created in (UTC)"),
    ),
    Time(
        "updated", "updated_at", since=_("Updated since %s"), before=_("Updated before %s"),
        title=_("Updated"), group=WHEN,
    ),
    Age(
        "age", "created_at", older="older_than", chip=_("Older than %s"),
        title=_("Older than"), group=WHEN, example=_("2 years"),
    ),
    Age(
        "unchanged", "updated_at", older="unchanged_for", chip=_("Unchanged for %s"),
        title=_("Unchanged for"), group=WHEN, example=_("6 months"),
    ),
    Number(
        "width", "width", at_least=_("At least %s px wide"), at_most=_("At most %s px wide"),
        unit="px", may_be_empty=True, title=_("Width"), group=WHAT, example="px",
    ),
    Number(
        "height", "height", at_least=_("At least %s px high"), at_most=_("At most %s px high"),
        unit="px", may_be_empty=True, title=_("Height"), group=WHAT, example="px",
    ),
    Flag(
        "private", "is_private", yes=_("Private"), no=_("Not private"), rare=True,
        title=_("Access"), group=MARKS, options=(_("private"), _("public")),
    ),
    Flag(
        "published", "is_published", yes=_("Published"), no=_("Draft"), rare=False,
        title=_("State"), group=MARKS, options=(_("published"), _("draft")),
    ),
    Versions(
        "versions", "version_name", at_least=_("At least %s versions"),
        title=_("Versions"), group=MARKS, example="2",
    ),
    Metadata("meta", "custom_metadata"),
]  # fmt: skip

FIELDS: dict[str, Field] = {field.word: field for field in _FIELDS}
KEYS = {key.name: key for field in _FIELDS for key in field.keys}
FACETS = {field.facet: field for field in _FIELDS if field.facet}
# What the query language knows: the words of the fields, and keys that ask the same as a word.
WORDS = {field.word: field for field in _FIELDS if field.ops}
ALIASES = {key.name: key.field for key in KEYS.values() if key.op == ":" and key.field.ops}
