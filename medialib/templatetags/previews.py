"""Large pictures of one file, each drawn by ImageKit: an image as a whole, a film's first frame, a PDF's first page."""

from __future__ import annotations

from urllib.parse import urlunsplit

from django import template

from medialib.models import Asset, AssetKind
from medialib.templatetags.medialib import transformed, web_address

register = template.Library()

# ImageKit's own addresses for the first frame of a film and the first page of a document: its documentation, “Get
# thumbnail from PSD, PDF, AI, EPS and animated files” and “Video thumbnails”.
FIRST_PAGE = "/ik-thumbnail.jpg"


@register.filter
def whole_picture(asset: Asset, pixels: int) -> str:
    """The address of a picture of the file, nothing of it cut off, or nothing when there cannot be one."""
    return picture_at(asset.url, asset, pixels)


def picture_at(url: str, asset: Asset, pixels: int) -> str:
    """The same of what lies at `url`: the file itself, or a version of it, which is of the same kind."""
    parts = web_address(url)
    if parts is None or asset.is_private:
        return ""
    if asset.kind == AssetKind.VIDEO or asset.format == "pdf":
        parts = parts._replace(path=parts.path + FIRST_PAGE)
    elif asset.kind != AssetKind.IMAGE:
        return ""
    return transformed(parts, f"w-{pixels},h-{pixels},c-at_max")


@register.filter
def playable(asset: Asset) -> str:
    """Where a browser may play the file from, if it can."""
    parts = web_address(asset.url)
    if parts is None or asset.is_private or asset.kind not in (AssetKind.VIDEO, AssetKind.AUDIO):
        return ""
    return urlunsplit(parts)
