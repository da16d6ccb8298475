"""Admin of the shop and the metrics: read-only, but for the names and prices of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from config.accounts.permissions import ForRole
from designer.services.folder_rights import sees_all
from workers.library.models import (
    Confirmation,
    CountedEvent,
    EffectRecord,
    EventMetric,
    Payment,
    Product,
    Reservation,
    ReservationLine,
    Shipment,
)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReadOnly(ForRole):
    """Rows that workers alone write: a change by hand would make `shop_audit` fail.

    They are of runs of all workflows, so there are none for a person who may not see all of them.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]  # of the ModelAdmin beside it
        return rows if sees_all(request.user) else rows.none()


@admin.register(Product)
class ProductAdmin(ForRole, ModelAdmin):
    changes = "operate"
    list_display = ["sku", "name", "price_cents", "stock", "initial_stock"]
    readonly_fields = ["sku", "stock", "initial_stock"]
    search_fields = ["sku", "name"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReservationLines(ReadOnly, TabularInline):
    model = ReservationLine


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "status", "run_id", "created_at", "changed_at"]
    list_filter = ["status"]
    search_fields = ["run_id"]
    inlines = [ReservationLines]


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "reference",
        "status",
        "amount_cents",
        "refunded_cents",
        "customer",
        "run_id",
        "created_at",
    ]
    list_filter = ["status"]
    search_fields = ["run_id", "customer"]


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "status", "recipient", "run_id", "created_at"]
    list_filter = ["status"]
    search_fields = ["run_id", "recipient"]


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "recipient", "run_id", "created_at"]
    search_fields = ["run_id", "recipient"]


@admin.register(EventMetric)
class EventMetricAdmin(ReadOnly, ModelAdmin):
    list_display = ["dimension", "value", "count"]
    list_filter = ["dimension"]


@admin.register(CountedEvent)
class CountedEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["event_id", "run_id", "is_retracted", "created_at"]
    search_fields = ["event_id", "run_id"]


@admin.register(EffectRecord)
class EffectRecordAdmin(ReadOnly, ModelAdmin):
    list_display = ["key", "run_id", "is_undone", "created_at"]
    list_filter = ["is_undone"]
    search_fields = ["key", "run_id"]
