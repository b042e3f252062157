"""What a key may do. ImageKit has no way to tell, so it is tried: one listing, and one purge of nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from medialib.errors import MedialibError, said
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import BadRequest, FileMissing, ImageKitError, KeyRejected
from medialib.models import Account, Asset, KeyKind
from medialib.services.base.client_words import in_words

WITNESSES = 3  # Files of the index, one of which a key of the account has to know.
MOST_CONSIDERED = 300
CHECK_LIMIT = 100  # Files asked for: enough to tell an empty library from a full one.
# A key that may delete may purge too (imagekit-api, "Key types"). The purge of what is no address is answered with 400
# when the key may, with 403 when it may not, and does nothing either way. A deletion is never used to try a key.
NO_ADDRESS = "not-an-address"

LISTED = ngettext_lazy(
    "ImageKit accepts the key and lists %(count)s file.",
    "ImageKit accepts the key and lists %(count)s files.",
    "count",
)

MakeClient = Callable[[], ImageKitClient]


@dataclass(frozen=True)
class KeyCheck:
    """What ImageKit answered when the key was tried. `message` is a sentence for a person.

    `may_write` is None where it could not be found out.
    """

    is_ok: bool
    message: str | Promise
    files_seen: int = 0
    request_id: str = ""
    may_write: bool | None = None


def probe(make_client: MakeClient, *, kind: str) -> KeyCheck:
    """List a few files, then purge what is no address. Trouble is the answer, not an exception."""
    try:
        with make_client() as client:
            listing = client.list_files(limit=CHECK_LIMIT)
            may_write = _may_write(client)
    except ImageKitError as error:
        return KeyCheck(False, in_words(error), request_id=error.request_id)
    except MedialibError as error:
        return KeyCheck(False, said(error))
    is_ok = kind != KeyKind.READ_WRITE or may_write is not False
    message = format_lazy("{} {}", _welcome(len(listing.files)), _abilities(kind, may_write))
    return KeyCheck(is_ok, message, len(listing.files), listing.request_id, may_write)


def knows_any(client: ImageKitClient, file_ids: Sequence[str]) -> bool:
    """Whether ImageKit has one of these files, asked one by one."""
    for file_id in file_ids:
        try:
            client.file_details(file_id)
        except (FileMissing, BadRequest):
            continue
        return True
    return False


def witnesses(account: Account, *, besides: Callable[[Collection[str]], Collection[str]] = lambda ids: ()) -> list[str]:
    """Files of the index that a key of the account must know; none where the index has no other.

    `besides` says which of some ids are those in question, so that the newest files are asked of and no long list.
    """
    ids = list(Asset.objects.live(account).order_by("-pk").values_list("file_id", flat=True)[:MOST_CONSIDERED])
    in_question = set(besides(ids))
    return [file_id for file_id in ids if file_id not in in_question][:WITNESSES]


def _may_write(client: ImageKitClient) -> bool | None:
    try:
        client.purge(NO_ADDRESS)
    except BadRequest:
        return True
    except KeyRejected:
        return False
    except ImageKitError:
        return None
    return True


def _abilities(kind: str, may_write: bool | None) -> Promise:
    if may_write is None:
        return _("Whether it may delete could not be found out.")
    if kind == KeyKind.READ_WRITE:
        return _("It may read and delete.") if may_write else _("But it may only read: enter it as a read-only key.")
    if may_write:
        return _("It may also delete, though it is meant for reading: restrict it in ImageKit's dashboard.")
    return _("It may read and nothing else.")


def _welcome(count: int) -> str | Promise:
    if count == 0:
        return _("ImageKit accepts the key. The library is empty.")
    if count >= CHECK_LIMIT:
        return format_lazy(_("ImageKit accepts the key and lists {count} or more files."), count=count)
    return said(MedialibError(LISTED, count=count))
