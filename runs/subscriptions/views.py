"""The pages of subscriptions. Thin: permissions, forms, messages; `runs.subscriptions.service` acts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.accounts.permissions import page_for, require_here
from config.lib.json import json_text
from runs.errors import SubscriptionRefused, UnknownDelivery, UnknownSubscription
from runs.models import Delivery, Subscription
from runs.subscriptions import service
from runs.subscriptions.api import shown_address
from runs.subscriptions.events import TYPES, sentence
from runs.subscriptions.forms import SubscriptionForm

UNPROCESSABLE = 422
SHOWN_MAX = 50
TONES = {"pending": "wait", "delivered": "go", "given_up": "stop"}
ICONS = {"pending": "wait", "delivered": "check", "given_up": "alert"}


@require_safe
@never_cache
@page_for("view")
def subscription_list(request: HttpRequest) -> HttpResponse:
    listed = service.all_of_them(request.user)
    rows = [(row, shown_address(row), [TYPES[name] for name in row.types]) for row in listed]
    return render(request, "subscriptions/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("design")
def subscription_new(request: HttpRequest) -> HttpResponse:
    form = SubscriptionForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and (made := form.save(request.user)):
        messages.success(request, f"{made.name} is told of what happens from now on. Send it a test.")
        return redirect("subscription-detail", made.pk)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "subscriptions/new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def subscription_detail(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Shows a subscription and its last deliveries; POST changes it."""
    if request.method == "POST":
        require_here(request, "design")
    subscription = _found(subscription_id)
    if request.method != "POST":
        return _show(request, subscription, SubscriptionForm(subscription=subscription, user=request.user))
    form = SubscriptionForm(request.POST, subscription, user=request.user)
    if form.save(request.user) is None:
        return _show(request, _found(subscription_id), form)
    messages.success(request, "Saved.")
    return redirect("subscription-detail", subscription_id)


@require_POST
@never_cache
@page_for("design")
def subscription_act(request: HttpRequest, subscription_id: int, act: str) -> HttpResponse:
    """Switches a subscription on or off, removes it, or has a test sent."""
    subscription = _found(subscription_id)
    if act in ("on", "off"):
        service.change(subscription, request.user, is_enabled=act == "on")
    elif act == "test":
        service.send_test(subscription, request.user)
        messages.success(request, "The test is on its way; load this page again to see what came of it.")
    elif act == "remove":
        service.remove(subscription, request.user)
        messages.success(request, f"{subscription.name} is removed.")
        return redirect("subscription-list")
    else:
        raise Http404(f"{act} is nothing that can be done with a subscription")
    return redirect("subscription-detail", subscription_id)


@require_POST
@never_cache
@page_for("design")
def delivery_replay(request: HttpRequest, subscription_id: int, delivery_id: int) -> HttpResponse:
    """Has an ended delivery sent anew."""
    try:
        service.replay(_found(subscription_id), delivery_id, request.user)
        messages.success(request, "It is sent anew; load this page again to see what came of it.")
    except SubscriptionRefused as refused:
        messages.error(request, str(refused))
    except UnknownDelivery as error:
        raise Http404(str(error)) from error
    return redirect("subscription-detail", subscription_id)


def _found(subscription_id: int) -> Subscription:
    try:
        return service.find(subscription_id)
    except UnknownSubscription as error:
        raise Http404(str(error)) from error


def _show(request: HttpRequest, subscription: Subscription, form: SubscriptionForm) -> HttpResponse:
    rows = service.deliveries(subscription)[:SHOWN_MAX]
    context = {
        "one": subscription,
        "address": shown_address(subscription),
        "types": [TYPES[name] for name in subscription.types],
        "form": form,
        "lines": [_line(row) for row in rows if service.may_be_shown(row, request.user)],
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "subscriptions/detail.html", context, status=status)


def _line(row: Delivery) -> dict[str, Any]:
    return {
        "row": row,
        "tone": TONES[row.status],
        "icon": ICONS[row.status],
        "words": sentence(row.payload),
        "payload": json_text(row.payload),
    }
