"""Addresses of signing in and of one's own pages."""

from __future__ import annotations

from django.urls import path

from cms.views import account, me, messages

app_name = "account"
urlpatterns = [
    path("account/sign-in/", account.sign_in, name="sign_in"),
    path("account/sign-out/", account.sign_out, name="sign_out"),
    path("account/sign-up/", account.sign_up, name="sign_up"),
    path("account/slip/", account.slip, name="slip"),
    path("account/slip/account/", account.slip_account, name="slip_account"),
    path("me/", me.home, name="home"),
    path("me/switch/", me.switch, name="switch"),
    path("me/information/", me.information, name="information"),
    path("me/messages/", messages.inbox, name="messages"),
    path("me/messages/read/", messages.read_all, name="messages_read"),
    path("me/messages/settings/", messages.choose, name="message_settings"),
    path("me/messages/<uuid:pk>/", messages.message, name="message"),
    path("me/messages/<uuid:pk>/go/", messages.go, name="message_go"),
]
