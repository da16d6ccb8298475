"""Pages of a person's own account: roles, password, sessions, API tokens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts import roles, sessions, tokens
from config.accounts.forms import ChangePasswordForm, TokenForm
from config.accounts.models import ApiToken, OpenSession
from config.accounts.permissions import Role

TOKENS_SHOWN_MAX = 100


def with_message(view: type[Any], text: str, name: str) -> Any:
    """One of Django's password views that on success shows the message `text` on the page `name`."""

    class WithMessage(view):  # type: ignore[misc]
        def form_valid(self, form: Any) -> HttpResponse:
            messages.success(self.request, text)
            response: HttpResponse = super().form_valid(form)
            return response

    return WithMessage.as_view(success_url=reverse_lazy(name))


class ChangePassword(PasswordChangeView):
    form_class = ChangePasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """GET shows the account. POST creates a token, and shows its text in this one response."""
    user = request.user
    assert isinstance(user, User)
    form = TokenForm(user, request.POST if request.method == "POST" else None)
    new_token = None
    if form.is_valid():
        data = form.cleaned_data
        try:
            _, new_token = tokens.make(user, data["name"], Role(data["role"]), data["days"])
            form = TokenForm(user)
        except tokens.TokenRefused as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    return render(request, "registration/account.html", _context(request, form, new_token), status=status)


@require_POST
@login_required
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, owner=request.user)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("account")


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    others = _other_sessions(request).filter(pk=pk)
    get_object_or_404(others)
    sessions.end(others)
    messages.success(request, "That session is ended.")
    return redirect("account")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    sessions.end(_other_sessions(request))
    messages.success(request, "All other sessions are ended.")
    return redirect("account")


def _other_sessions(request: HttpRequest) -> QuerySet[OpenSession]:
    assert isinstance(request.user, User)
    return request.user.open_sessions.exclude(session_key=request.session.session_key)


def _context(request: HttpRequest, form: TokenForm, new_token: str | None) -> dict[str, Any]:
    user = request.user
    assert isinstance(user, User)
    names = [role.value.title() for role in roles.of(user)]
    return {
        "form": form,
        "made": new_token,
        "roles": ", ".join(names) or ("superuser" if user.is_superuser else "none yet; ask an administrator"),
        "sessions": sessions.listed(user, request.session.session_key),
        "idle_hours": settings.SESSION_COOKIE_AGE / 3_600,
        "tokens": user.api_tokens.all()[:TOKENS_SHOWN_MAX],
    }
