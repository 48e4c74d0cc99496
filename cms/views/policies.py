"""Public: what we tell people and ask them to agree to, in force and before."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from cms.access import public
from cms.enums import PolicyKind
from cms.models import PolicyText
from cms.services.policies import SOURCE_LANGUAGE, changes_between, texts_in_force


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice in force, the other texts, and the older versions."""
    in_force = texts_in_force(timezone.localdate(), _language())
    text = in_force.pop(PolicyKind.PRIVACY, None)
    context = {"text": text, "others": list(in_force.values()), "older": _older(text)}
    return render(request, "cms/policies/privacy.html", context)


@public
@require_safe
def policy(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """One version of one text, whether in force, over or still to come, with what changed in it."""
    rows = {row.language: row for row in PolicyText.objects.filter(kind=kind, version=version)}
    text = rows.get(_language()) or rows.get(SOURCE_LANGUAGE)
    if text is None:
        raise Http404
    before = PolicyText.objects.filter(kind=kind, version=version - 1, language=text.language).first()
    current = texts_in_force(timezone.localdate(), text.language, [kind]).get(kind)
    context = {
        "text": text,
        "current": current,
        "is_current": current is not None and current.version == text.version,
        "is_coming": text.valid_from > timezone.localdate(),
        "changes": changes_between(before, text) if before else [],
        "older": _older(text),
    }
    return render(request, "cms/policies/policy.html", context)


def _older(text: PolicyText | None) -> list[PolicyText]:
    """Return the versions before ``text``, the newest first, each once."""
    if text is None:
        return []
    rows = PolicyText.objects.filter(kind=text.kind, version__lt=text.version, language=SOURCE_LANGUAGE)
    return list(rows.order_by("-version"))


def _language() -> str:
    return get_language() or SOURCE_LANGUAGE
