"""Addresses of pages."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordChangeView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.urls import URLPattern, include, path
from django_rq.urls import urlpatterns as queue_patterns

from config.access import page_for
from config.account_pages import account, revoke_token, said_after
from config.accounts import first_sign_in
from config.api import api
from config.fleetpage import fleet_page
from config.hooks import hook

admin.site.site_header = admin.site.site_title = "Sagaboard"
admin.site.index_title = "Administration"

QUEUES = [
    URLPattern(found.pattern, page_for("operate")(found.callback), found.default_args, found.name)
    for found in queue_patterns
]

CHANGE_PASSWORD = said_after(PasswordChangeView, "Your password is changed.", "account")
CHOOSE_PASSWORD = said_after(PasswordResetConfirmView, "Your password is set; sign in with it.", "login")
RESET_PASSWORD = PasswordResetView.as_view(subject_template_name="registration/password_reset_subject.txt")

handler500 = "config.unavailable.failed"
urlpatterns = [
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/first/", first_sign_in, name="first-sign-in"),
    path("accounts/", account, name="account"),
    path("accounts/tokens/<int:pk>/revoke/", revoke_token, name="token-revoke"),
    path("accounts/password/", CHANGE_PASSWORD, name="password_change"),
    path("accounts/reset/", RESET_PASSWORD, name="password_reset"),
    path("accounts/reset/sent/", PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("accounts/reset/<uidb64>/<token>/", CHOOSE_PASSWORD, name="password_reset_confirm"),
    path("admin/rq/", include((QUEUES, "django_rq"))),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("fleet/", fleet_page, name="fleet"),
    path("hooks/<str:token>", hook, name="hook"),
    path("", include("designer.urls")),
    path("", include("runs.urls")),
]
