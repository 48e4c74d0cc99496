"""The inbox: what was told to the account and to the people it acts for, and what it wants to be told."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms.access import get_visible_or_404, signed_in
from cms.acting import links_of, switch_to
from cms.enums import AccountRelation, Channel, MessageState
from cms.errors import DomainError
from cms.forms.messages import MessageChoicesForm
from cms.messaging.kinds import MessageText, kinds_for, label_of, link_of
from cms.messaging.recipients import channel_is_ready
from cms.messaging.words import text_of
from cms.models import Message, MessageChoice, MessageLanguage, MessageRead, User
from cms.services.messages import choose_messages, read_messages

PAGE = 20
# Reading all at once is for the people who can see them all; the rest comes with the next press.
READ_AT_ONCE = 500


@dataclass(frozen=True)
class Line:
    """One message as the list shows it; ``for_whom`` is empty when it is the reader's own."""

    message: Message
    text: MessageText
    for_whom: str
    is_unread: bool

    @property
    def is_void(self) -> bool:
        """Whether what it told is no longer true."""
        return self.message.state == MessageState.WITHDRAWN


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _lines(user: User, rows: list[Message]) -> list[Line]:
    own = {link.person_id for link in links_of(user) if link.relation == AccountRelation.SELF}
    read = set(
        MessageRead.objects.filter(user=user, message_id__in=[row.pk for row in rows]).values_list(
            "message_id", flat=True
        )
    )
    return [
        Line(
            row,
            text_of(row),
            row.person.legal_name if row.person is not None and row.person_id not in own else "",
            row.pk not in read and row.state == MessageState.POSTED,
        )
        for row in rows
    ]


@signed_in
@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Everything that was told, newest first: six queries whatever the number."""
    user = _user(request)
    rows = Message.objects.visible_to(user).select_related("person").order_by("-posted_at", "-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "lines": _lines(user, list(page.object_list))}
    return render(request, "cms/messages/inbox.html", context)


def _message(request: HttpRequest, pk: uuid.UUID) -> Message:
    rows = Message.objects.select_related("person", "organisation")
    return get_visible_or_404(rows, _user(request), pk=pk)


@signed_in
@never_cache
@require_safe
def message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One message with the way to the thing it tells of; opening it marks it as read."""
    found = _message(request, pk)
    [line] = _lines(_user(request), [found])
    if request.method == "GET":
        read_messages([found], by=_user(request), at=timezone.now())
    context = {"line": line, "kind": label_of(found.kind), "has_link": bool(link_of(found))}
    return render(request, "cms/messages/message.html", context)


@signed_in
@require_POST
def go(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Go on to the thing, acting for the person whom the message concerns."""
    found = _message(request, pk)
    link = link_of(found)
    if not link:
        raise Http404
    if found.person is not None:
        switch_to(request, found.person)
    return redirect(link)


@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponseBase:
    """Mark everything as read."""
    unread = Message.objects.unread_by(_user(request)).order_by("-pk")[:READ_AT_ONCE]
    read_messages(unread, by=_user(request), at=timezone.now())
    return redirect("account:messages")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponseBase:
    """Which kinds by which way; those nobody may switch off say why."""
    user = _user(request)
    channels = [channel for channel in (Channel.SMS, Channel.EMAIL) if channel_is_ready(channel)]
    language = MessageLanguage.objects.filter(user=user).values_list("language", flat=True).first()
    form = MessageChoicesForm(
        request.POST or None,
        kinds=kinds_for(user),
        channels=channels,
        wanted={
            (row.kind, Channel(row.channel)): row.is_wanted for row in MessageChoice.objects.filter(user=user)
        },
        language=language or settings.LANGUAGE_CODE,
    )
    if request.method == "POST" and form.is_valid():
        try:
            choose_messages(
                user, form.choices(), language=form.cleaned_data["language"], by=user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            notices.success(request, _("记下了。"))
            return redirect("account:message_settings")
    return render(request, "cms/messages/settings.html", {"form": form, "channels": channels})
