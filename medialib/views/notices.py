"""Where a person wants to be told of what: their own places, tried, changed and removed by them alone."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from medialib.errors import MedialibError
from medialib.forms import notices as forms
from medialib.models import NoticeChannel, NoticeKind, NoticeRoute
from medialib.services.notices import delivering, routes
from medialib.views.access import person, staff_may


@sensitive_post_parameters("address")
@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view_library")
def notices(request: HttpRequest) -> HttpResponse:
    form, secret = forms.RouteForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        try:
            route, secret = _add(request, form)
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Notices go to %(place)s from now on. Try it.") % {"place": named(route)})
            if not secret:
                return redirect("medialib:notices")
            form = forms.RouteForm()  # Shown once, so the answer is the page itself.
    mine = NoticeRoute.objects.of(person(request))
    places = [(route, named(route), forms.of_route(route), _last_trouble(route)) for route in mine]
    context = {"places": places, "form": form, "secret": secret}
    return render(request, "notices/routes.html", context, status=422 if form.errors else 200)


def _add(request: HttpRequest, form: forms.RouteForm) -> tuple[NoticeRoute, str]:
    wish = form.cleaned_data
    return routes.add(
        person(request),
        channel=NoticeChannel(wish["channel"]),
        address=wish["address"],
        kinds=[NoticeKind(kind) for kind in wish["kinds"]],
        only_mine=wish["only_mine"],
    )


@require_POST
@staff_may("view_library")
def notice_change(request: HttpRequest, route: int, change: str) -> HttpResponse:
    found = get_object_or_404(NoticeRoute.objects.of(person(request)), pk=route)
    if change not in CHANGES:
        raise Http404
    CHANGES[change](request, found)
    return redirect("medialib:notices")


def _choose(request: HttpRequest, route: NoticeRoute) -> None:
    form = forms.KindsForm(request.POST, prefix=f"route-{route.pk}")
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return
    kinds = [NoticeKind(kind) for kind in form.cleaned_data["kinds"]]
    routes.change(route, kinds=kinds, only_mine=form.cleaned_data["only_mine"])
    messages.success(request, _("Saved."))


def _remove(request: HttpRequest, route: NoticeRoute) -> None:
    place = named(route)
    route.delete()
    messages.success(request, _("Nothing goes to %(place)s any more.") % {"place": place})


def _test(request: HttpRequest, route: NoticeRoute) -> None:
    with delivering.session() as session:
        trouble = delivering.try_out(route, session)
    place = {"place": named(route), "trouble": trouble}
    if trouble:
        messages.error(request, _("%(place)s did not take it: %(trouble)s.") % place)
    else:
        messages.success(request, _("%(place)s took a notice on trial. Look whether it is there.") % place)


CHANGES = {"choose": _choose, "remove": _remove, "test": _test}


def named(route: NoticeRoute) -> str:
    """“Slack (hooks.slack.com)”, or the person's own e-mail address."""
    label = NoticeChannel(route.channel).label
    return f"{label} ({route.host or route.user.email})"


def _last_trouble(route: NoticeRoute) -> str:
    last = route.notices.exclude(attempts=0).order_by("-pk").first()
    return last.error if last else ""
