"""Pages of a person's own account: signing in, second factor, roles, password, sessions, API tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts import roles, second_factor, sessions, tokens
from config.accounts.forms import ChangePasswordForm, CodeForm, TokenForm
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
        "has_second_factor": second_factor.is_set_up(user),
        "sessions": sessions.listed(user, request.session.session_key),
        "idle_hours": settings.SESSION_COOKIE_AGE / 3_600,
        "tokens": user.api_tokens.all()[:TOKENS_SHOWN_MAX],
    }


# --- signing in, and its second factor ---


class SignIn(LoginView):
    """Name and password; who has set up a second factor is asked for a code next."""

    template_name = "registration/login.html"

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        user = form.get_user()
        address = self.get_success_url()
        if not second_factor.sign_in(self.request, user, user.backend):
            address = f"{reverse('sign-in-code')}?{urlencode({'next': address})}"
        return HttpResponseRedirect(address)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    user = second_factor.pending_user(request)
    if user is None:
        return redirect(settings.LOGIN_URL)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if second_factor.accepts(request, user, form.cleaned_data["code"]):
            second_factor.complete(request, user)
            return HttpResponseRedirect(_next_address(request))
        form.refuse()
    status = 422 if form.errors else 200
    return render(request, "registration/code.html", {"form": form}, status=status)


def _next_address(request: HttpRequest) -> str:
    address = request.GET.get("next", "")
    hosts = {request.get_host()}
    is_safe = url_has_allowed_host_and_scheme(address, hosts, require_https=request.is_secure())
    return address if is_safe else reverse(settings.LOGIN_REDIRECT_URL)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """GET shows how it stands. POST sets it up, makes recovery codes, or takes it away; each needs a code."""
    user = request.user
    assert isinstance(user, User)
    form = CodeForm(request.POST if request.method == "POST" else None)
    codes = None
    if form.is_valid():
        code, act = form.cleaned_data["code"], request.POST.get("act", "")
        if not second_factor.is_set_up(user):
            codes = second_factor.set_up(user, code)
            if codes:
                second_factor.forget(user)
                sessions.end(user.open_sessions.exclude(session_key=request.session.session_key))
        elif second_factor.accepts(request, user, code):
            if act == "remove":
                second_factor.remove(user)
                messages.success(request, "The second factor is removed.")
                return redirect("account")
            codes = second_factor.new_recovery_codes(user)
        if codes is None:
            form.refuse()
        else:
            form = CodeForm()
    status = 422 if form.errors else 200
    return render(
        request, "registration/second_factor.html", _factor_context(user, form, codes), status=status
    )


def _factor_context(user: User, form: CodeForm, codes: list[str] | None) -> dict[str, Any]:
    if second_factor.is_set_up(user):
        left = second_factor.recovery_codes_left(user)
        return {"form": form, "codes": codes, "is_set_up": True, "left": left}
    device = second_factor.unconfirmed(user)
    key = device.config_url.partition("secret=")[2].partition("&")[0]
    return {
        "form": form,
        "is_set_up": False,
        "is_missing": second_factor.is_missing(user),
        "image": second_factor.qr_code(device),
        "key": " ".join(key[start : start + 4] for start in range(0, len(key), 4)),
    }
