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
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from config.accounts.first_user import first_sign_in
from config.accounts.permissions import page_for
from config.accounts.views import account, revoke_token, said_after
from config.api.api import api
from config.operations.views import fleet_page, queue_patterns
from runs.triggers.webhooks import hook

admin.site.site_header = admin.site.site_title = "Sagaboard"
admin.site.index_title = "Administration"


def nothing(request: HttpRequest, /, **where: str) -> HttpResponse:
    """In place of the admin's way to a row's own page: no row has one, and one kind has no table."""
    raise Http404


CHANGE_PASSWORD = said_after(PasswordChangeView, "Your password is changed.", "account")
CHOOSE_PASSWORD = said_after(PasswordResetConfirmView, "Your password is set; sign in with it.", "login")
RESET_PASSWORD = PasswordResetView.as_view(subject_template_name="registration/password_reset_subject.txt")

handler400 = "config.error_pages.malformed"
handler404 = "config.error_pages.missing"
handler500 = "config.error_pages.failed"
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
    path("admin/rq/", include((queue_patterns(), "django_rq"))),
    path("admin/r/<path:content_type_id>/<path:object_id>/", page_for("operate")(nothing)),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("fleet/", fleet_page, name="fleet"),
    path("hooks/<str:token>", hook, name="hook"),
    path("", include("designer.urls")),
    path("", include("runs.urls")),
]
