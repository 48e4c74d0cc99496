"""On the phone: read, agree, sign, withdraw; for oneself or for who one acts for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cms.access import SignedInRequest, signed_in
from cms.acting import acting_link, links_of, switch_to
from cms.errors import DomainError
from cms.forms.consents import AgreeForm
from cms.models import Consent, PersonAccount
from cms.services.consents import agree_to, agreed_versions, missing_texts, withdraw_consent
from cms.services.policies import SOURCE_LANGUAGE, texts_in_force


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def agree(request: SignedInRequest) -> HttpResponseBase:
    """What is asked, one box a text, one button; then on to where the reader came from."""
    link = _link(request)
    at = timezone.now()
    target = _next_url(request)
    region = request.GET.get("region", "") or request.POST.get("region", "")
    texts = texts_in_force(timezone.localdate(at), get_language() or SOURCE_LANGUAGE)
    agreed = agreed_versions([link.person_id], texts).get(link.person_id, set())
    open_texts = [text for text in texts.values() if (text.kind, text.version) not in agreed]
    asked = missing_texts([link.person_id], region or link.person.region_code, at=at).get(link.person_id, [])
    kinds = {text.kind for text in asked}
    form = AgreeForm(
        request.POST if request.method == "POST" else None,
        needed=[text for text in open_texts if text.kind in kinds],
        optional=[text for text in open_texts if text.kind not in kinds],
        relation=link.relation,
    )
    if request.method == "POST" and form.is_valid():
        try:
            agree_to(link.person, form.agreed(), **form.facts(), by=request.user, at=at)
        except DomainError as error:
            form.add_refusals(error)
        else:
            messages.success(request, _("记下了。随时可以在“我的数据”里看，也可以撤回。"))
            return redirect(target or reverse("account:home"))
    context = {"form": form, "link": link, "next": target, "region": region}
    return render(request, "cms/me/agree.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def withdraw(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Withdraw one consent, after a page that says what follows."""
    link = _link(request)
    rows = Consent.objects.select_related("text")
    consent = get_object_or_404(rows, pk=pk, person_id=link.person_id, withdrawn_at__isnull=True)
    if request.method == "POST":
        withdraw_consent(consent, by=request.user, at=timezone.now())
        messages.success(request, _("撤回了《%(title)s》。") % {"title": consent.text.title})
        return redirect("account:data")
    context = {"consent": consent, "link": link}
    return render(request, "cms/me/withdraw_consent.html", context)


def _link(request: Any) -> PersonAccount:
    """Return the link of the person meant: the one named in the address, else who one acts for now."""
    wanted = request.GET.get("person", "")
    if wanted:
        found = next((link for link in links_of(request.user) if str(link.person_id) == wanted), None)
        if found is None:
            raise Http404
        switch_to(request, found.person)
    link = acting_link(request)
    if link is None:
        raise Http404
    return link


def _next_url(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""


def agreements_of(link: PersonAccount) -> dict[str, Any]:
    """Return what 我的数据 shows: consents and undertakings, the newest first (two queries)."""
    person = link.person
    return {
        "consents": list(person.consents.select_related("text", "given_by").order_by("-given_at", "-pk")),
        "undertakings": list(
            person.undertakings.select_related("text", "given_by").order_by("-given_at", "-pk")
        ),
    }


def asks_again(link: PersonAccount) -> list[str]:
    """Return the titles of what has to be read and agreed to before the next enrolment."""
    found = missing_texts([link.person_id], link.person.region_code, at=timezone.now())
    return [text.title for text in found.get(link.person_id, [])]
