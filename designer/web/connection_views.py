"""Pages of connections and secrets. Thin: permissions, forms, messages; `workers.connections` acts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.accounts.permissions import page_for, require
from designer.services.uses import uses_of
from designer.web.connection_forms import CheckForm, ConnectionForm, SecretForm
from workers.connections import service
from workers.connections.checks import Method, check
from workers.connections.errors import InUse, TooManyChecks, UnknownConnection, UnknownSecret
from workers.connections.models import Connection, Secret

UNPROCESSABLE = 422


@require_safe
@never_cache
@page_for("view")
def connection_list(request: HttpRequest) -> HttpResponse:
    context = {
        "connections": service.connections(),
        "secrets": service.secrets(),
        "kinds": Connection.Kind.choices,
    }
    return render(request, "connections/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("design")
def connection_new(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "http")
    if kind not in Connection.Kind.values:
        raise Http404(f"there are no connections of the kind {kind}")
    form = ConnectionForm(kind, data=request.POST or None)
    connection = form.save(request.user) if request.method == "POST" else None
    if connection is not None:
        messages.success(request, f"{connection.name} is made. Steps can use it by this name.")
        return redirect("connection-detail", connection.name)
    return _show(request, "connections/new.html", form, {"kinds": Connection.Kind.choices, "kind": kind})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def connection_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Shows a connection, for designers as a form; POST changes it."""
    if request.method == "POST":
        require(request.user, "design")
    connection = _connection(name)
    form = ConnectionForm(connection.kind, connection, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.save(request.user) is not None:
        messages.success(request, f"{name} is changed; calls that begin from now on use it so.")
        return redirect("connection-detail", name)
    context = {"connection": connection, "uses": uses_of(name, user=request.user), "check_form": CheckForm()}
    return _show(request, "connections/detail.html", form, context)


@require_POST
@never_cache
@page_for("design")
def connection_test(request: HttpRequest, name: str) -> HttpResponse:
    """Tests a connection, and says on its page what came of it."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Test it with GET or HEAD, and a path of at most 2,000 characters.")
        return redirect("connection-detail", name)
    method: Method = "HEAD" if form.cleaned_data["method"] == "HEAD" else "GET"
    try:
        checked = check(name, method, form.cleaned_data["path"])
    except UnknownConnection as error:
        raise Http404(str(error)) from error
    except TooManyChecks as error:
        messages.warning(request, str(error))
        return redirect("connection-detail", name)
    say = messages.success if checked.is_ok else messages.warning if checked.status else messages.error
    say(request, f"Tested {name} in {checked.ms:,} ms. {checked.message}")
    return redirect("connection-detail", name)


@require_POST
@never_cache
@page_for("design")
def connection_remove(request: HttpRequest, name: str) -> HttpResponse:
    try:
        service.remove(name, request.user)
    except UnknownConnection as error:
        raise Http404(str(error)) from error
    messages.success(request, f"The connection {name} is removed.")
    return redirect("connection-list")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("design")
def secret_new(request: HttpRequest) -> HttpResponse:
    form = SecretForm(data=request.POST or None)
    secret = form.save(request.user) if request.method == "POST" else None
    if secret is not None:
        messages.success(request, f"The secret {secret.name} is kept. Its value is never shown.")
        return redirect("secret-detail", secret.name)
    return _show(request, "connections/secret.html", form, {})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def secret_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Shows what is known of a secret but its value; POST gives it a new one, or another note."""
    if request.method == "POST":
        require(request.user, "design")
    secret = _secret(name)
    form = SecretForm(secret, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.save(request.user) is not None:
        is_new = bool(form.cleaned_data["value"])
        what = "has a new value, which the next call uses" if is_new else "has another note"
        messages.success(request, f"The secret {name} {what}.")
        return redirect("secret-detail", name)
    facts = {"secret": secret, "uses": uses_of(name, is_secret=True, user=request.user)}
    return _show(request, "connections/secret.html", form, facts)


@require_POST
@never_cache
@page_for("design")
def secret_remove(request: HttpRequest, name: str) -> HttpResponse:
    try:
        service.remove_secret(name, request.user)
    except UnknownSecret as error:
        raise Http404(str(error)) from error
    except InUse as error:
        messages.error(request, str(error))
        return redirect("secret-detail", name)
    messages.success(request, f"The secret {name} is removed.")
    return redirect("connection-list")


def _connection(name: str) -> Connection:
    try:
        return service.find(name)
    except UnknownConnection as error:
        raise Http404(str(error)) from error


def _secret(name: str) -> Secret:
    try:
        return service.find_secret(name)
    except UnknownSecret as error:
        raise Http404(str(error)) from error


def _show(request: HttpRequest, template: str, form: Any, facts: dict[str, Any]) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, **facts}, status=status)
