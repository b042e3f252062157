"""The versions of one file, asked of ImageKit when somebody wants to see them: the index keeps the current one only."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.imagekit.errors import FileMissing, ImageKitError
from medialib.imagekit.types import FileVersion
from medialib.models import Asset
from medialib.services.accounts import keys
from medialib.services.base.client_words import in_words


def versions_of(asset: Asset) -> tuple[FileVersion, ...]:
    """All versions, the current one first. Asks once: a person waits. Raises Refused with what stood in the way."""
    with keys.client_for(asset.account) as client:
        try:
            return client.file_versions(asset.file_id, tries=1)
        except FileMissing:
            raise Refused(_("ImageKit has no such file any more.")) from None
        except ImageKitError as error:
            raise Refused(in_words(error)) from error
