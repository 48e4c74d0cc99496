"""Addresses of signing in and of one's own pages."""

from __future__ import annotations

from django.urls import path

from cms.views import (
    account,
    binding,
    codes,
    consents,
    me,
    messages,
    my_data,
    second_factor,
    security,
    shared_phone,
    slips,
)

app_name = "account"
urlpatterns = [
    path("account/sign-in/", account.sign_in, name="sign_in"),
    path("account/sign-out/", account.sign_out, name="sign_out"),
    path("account/sign-up/", account.sign_up, name="sign_up"),
    path("account/slip/", slips.slip, name="slip"),
    path("account/slip/account/", slips.slip_account, name="slip_account"),
    path("account/slip/password/", slips.paper, name="paper"),
    path("account/code/", codes.code, name="code"),
    path("account/code/enter/", codes.code_enter, name="code_enter"),
    path("account/forgotten/", codes.forgotten, name="forgotten"),
    path("account/forgotten/code/", codes.forgotten_code, name="forgotten_code"),
    path("account/leave/", shared_phone.leave, name="leave"),
    path("account/locked/", shared_phone.locked, name="locked"),
    path("account/awake/", shared_phone.awake, name="awake"),
    path("account/second-factor/", second_factor.second_factor, name="second_factor"),
    path("me/", me.home, name="home"),
    path("me/switch/", me.switch, name="switch"),
    path("me/bind/", binding.ask, name="bind"),
    path("me/bind/code/", binding.enter, name="bind_code"),
    path("me/data/", my_data.data, name="data"),
    path("me/data/export/", my_data.export, name="data_export"),
    path("me/data/correct/", my_data.correct, name="data_correct"),
    path("me/data/delete/", my_data.delete, name="data_delete"),
    path("me/data/requests/<uuid:pk>/withdraw/", my_data.withdraw, name="data_withdraw"),
    path("me/messages/", messages.inbox, name="messages"),
    path("me/messages/read/", messages.read_all, name="messages_read"),
    path("me/messages/settings/", messages.choose, name="message_settings"),
    path("me/messages/<uuid:pk>/", messages.message, name="message"),
    path("me/messages/<uuid:pk>/go/", messages.go, name="message_go"),
    path("me/account/", security.security, name="security"),
    path("me/password/", security.password, name="password"),
    path("me/sessions/", security.sessions, name="sessions"),
    path("me/sessions/end/", security.sessions_end, name="sessions_end"),
    path("me/sessions/<int:pk>/end/", security.session_end, name="session_end"),
    path("me/second-factor/", second_factor.factor, name="factor"),
    path("me/second-factor/new/", second_factor.factor_new, name="factor_new"),
    path("me/second-factor/codes/", second_factor.factor_codes, name="factor_codes"),
    path("me/second-factor/codes/done/", second_factor.factor_codes_done, name="factor_codes_done"),
    path("me/consents/", consents.agree, name="agree"),
    path("me/consents/<int:pk>/withdraw/", consents.withdraw, name="withdraw_consent"),
]
