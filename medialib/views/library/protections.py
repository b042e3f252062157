"""The rules and holds that keep files of an account from every deletion: listed, added, lifted."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from medialib.auth import step_up
from medialib.errors import MedialibError
from medialib.forms.protections import LiftForm, RuleForm
from medialib.models import Account, ProtectionKind, ProtectionRule
from medialib.services.accounts import protections
from medialib.services.library import saved_views
from medialib.services.selections.list_matching import listed_ids
from medialib.views.access import account_named, actor, person, staff_may

REASON_OF = "lift-reason-of-{}"  # Kept in the session while a person is asked again who it is.


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("delete_files", "manage_keys")
def rules(request: HttpRequest, account: str) -> HttpResponse:
    """Whoever may delete reads and adds rules; whoever may lift them has to find them."""
    owner = account_named(request, account)
    may_add = person(request).has_perm("medialib.delete_files")
    views = [each.view.name for each in saved_views.visible_to(person(request), owner) if each.filter]
    form = RuleForm(request.POST if request.method == "POST" else None, views=views)
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        if form.is_valid() and (rule := _add(request, owner, form)):
            messages.success(request, _told(rule))
            return redirect("medialib:protections", owner.name)
    context = {"account": owner, "rules": protections.shown_rules(owner), "form": form, "may_add": may_add}
    return render(request, "library/protections/rules.html", context, status=422 if form.errors else 200)


def _add(request: HttpRequest, account: Account, form: RuleForm) -> ProtectionRule | None:
    """None, with the complaint in the form, for what is refused."""
    wish = form.cleaned_data
    kind, by = ProtectionKind(wish["kind"]), actor(request)
    try:
        listed = None
        if kind == ProtectionKind.FILES:
            listed = listed_ids(account, wish["listed"].encode(), name=_("The list"))
        rule = protections.add_rule(
            account,
            kind=kind,
            value="" if kind in (ProtectionKind.FILES, ProtectionKind.VIEW) else wish["value"],
            file_ids=listed.file_ids if listed else (),
            view=protections.named_view(account, wish["view"], by) if kind == ProtectionKind.VIEW else None,
            reason=wish["reason"],
            until=protections.read_end(wish["until"]) if wish["until"] else None,
            actor=by,
        )
    except MedialibError as error:
        form.add_error(None, str(error))
        return None
    if listed and listed.problems:
        count = len(listed.problems)
        text = ngettext(
            "%(count)s line of the list names no file, so it protects none.",
            "%(count)s lines of the list name no file, so they protect none.",
            count,
        )
        messages.warning(request, text % {"count": intcomma(count)})
    return rule


def _told(rule: ProtectionRule) -> str:
    count = protections.file_count(rule)
    text = ngettext(
        "Rule %(number)s protects %(count)s file now.", "Rule %(number)s protects %(count)s files now.", count
    )
    return text % {"number": rule.pk, "count": intcomma(count)}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("manage_keys")
def lift(request: HttpRequest, account: str, rule: int) -> HttpResponse:
    """Asks why. A hold is lifted only by somebody who proved a moment ago who it is."""
    owner = account_named(request, account)
    found = get_object_or_404(owner.protection_rules.filter(lifted_at__isnull=True), pk=rule)
    kept = REASON_OF.format(found.pk)
    if request.method == "POST":
        form = LiftForm(request.POST)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            if found.is_hold and not step_up.is_fresh(request):
                request.session[kept] = reason
                return step_up.ask_again(request, then=request.path)
            return _lift(request, found, reason)
    else:
        form = LiftForm(initial={"reason": request.session.pop(kept, "")})
    context = {"account": owner, "rule": found, "files": protections.file_count(found), "form": form}
    return render(request, "library/protections/lift.html", context, status=422 if form.errors else 200)


def _lift(request: HttpRequest, rule: ProtectionRule, reason: str) -> HttpResponse:
    try:
        protections.lift_rule(rule, reason=reason, actor=actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Rule %(number)s is lifted. Its history stays.") % {"number": rule.pk})
    return redirect("medialib:protections", rule.account.name)
