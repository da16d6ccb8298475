"""URL configuration of pages, admin, API and webhooks."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import (
    LogoutView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from config.accounts.first_user import first_sign_in
from config.accounts.mail import ResetPasswordForm
from config.accounts.permissions import page_for
from config.accounts.views import (
    ChangePassword,
    SignIn,
    account,
    end_other_sessions,
    end_session,
    revoke_token,
    second_factor_page,
    sign_in_code,
    with_message,
)
from config.api.api import api
from config.docs_site import docs_page
from config.operations.views import fleet_page, queue_patterns
from config.operations.worker_page import worker_page
from runs.triggers.webhooks import hook
from workers.rehearsal.views import rehearsal_page

admin.site.site_header = admin.site.site_title = "Sagaboard"
admin.site.index_title = "Administration"


def not_found(request: HttpRequest, /, **parameters: str) -> HttpResponse:
    """Replaces the admin's "view on site": no row has such a page, and `Board` has no table to query."""
    raise Http404


def change_password_page(request: HttpRequest) -> HttpResponse:
    """Replaces the admin's own page, where wrong old passwords count for nothing."""
    return redirect("password_change")


CHANGE_PASSWORD = with_message(ChangePassword, "Your password is changed.", "account")
CHOOSE_PASSWORD = with_message(PasswordResetConfirmView, "Your password is set; sign in with it.", "login")
RESET_PASSWORD = PasswordResetView.as_view(
    form_class=ResetPasswordForm, subject_template_name="registration/password_reset_subject.txt"
)

handler400 = "config.error_pages.malformed"
handler404 = "config.error_pages.missing"
handler500 = "config.error_pages.failed"
urlpatterns = [
    path("accounts/login/", SignIn.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/code/", sign_in_code, name="sign-in-code"),
    path("accounts/second-factor/", second_factor_page, name="second-factor"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/first/", first_sign_in, name="first-sign-in"),
    path("accounts/", account, name="account"),
    path("accounts/sessions/<int:pk>/end/", end_session, name="session-end"),
    path("accounts/sessions/end-others/", end_other_sessions, name="session-end-others"),
    path("accounts/tokens/<int:pk>/revoke/", revoke_token, name="token-revoke"),
    path("accounts/password/", CHANGE_PASSWORD, name="password_change"),
    path("accounts/reset/", RESET_PASSWORD, name="password_reset"),
    path("accounts/reset/sent/", PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("accounts/reset/<uidb64>/<token>/", CHOOSE_PASSWORD, name="password_reset_confirm"),
    path("admin/login/", SignIn.as_view(authentication_form=AdminAuthenticationForm)),
    path("admin/password_change/", page_for("operate")(change_password_page)),
    path("admin/rq/", include((queue_patterns(), "django_rq"))),
    path("admin/r/<path:content_type_id>/<path:object_id>/", page_for("operate")(not_found)),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("docs/", docs_page, name="docs"),
    path("docs/<path:address>", docs_page),
    path("fleet/", fleet_page, name="fleet"),
    path("workers/<str:name>/", worker_page, name="worker"),
    path("hooks/<str:token>", hook, name="hook"),
    path("workflows/<str:name>/rehearsal/", rehearsal_page, name="rehearsal"),
    path("", include("designer.urls")),
    path("", include("runs.urls")),
]
