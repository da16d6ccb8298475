"""Addresses of pages."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, include, path
from django_rq.urls import urlpatterns as queue_patterns

from config.access import page_for
from config.accounts import first_sign_in
from config.api import api

admin.site.site_header = admin.site.site_title = "Sagaboard"
admin.site.index_title = "Administration"

QUEUES = [
    URLPattern(found.pattern, page_for("operate")(found.callback), found.default_args, found.name)
    for found in queue_patterns
]

handler500 = "config.unavailable.failed"
urlpatterns = [
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/first/", first_sign_in, name="first-sign-in"),
    path("admin/rq/", include((QUEUES, "django_rq"))),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("designer.urls")),
    path("", include("runs.urls")),
]
