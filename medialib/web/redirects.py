"""Redirects to a list whose whole state is in its address."""

from __future__ import annotations

from django.http import HttpResponseRedirect
from django.utils.encoding import iri_to_uri


def redirect_to_list(path: str, query: str) -> HttpResponseRedirect:
    """To `path`, one of ours, with a query string of any length.

    Django itself refuses an address of more than 16,384 letters, which guards its search for a host in it; a folder of
    ImageKit's real depth, encoded, is longer.
    """
    response = HttpResponseRedirect(path)
    response["Location"] = f"{response['Location']}?{iri_to_uri(query)}"
    return response
