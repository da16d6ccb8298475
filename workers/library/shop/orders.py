"""Reads an order out of a run's context: items, customer, card, references. Refusals name the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers import CriticalFailure

LINES_MAX = 100
QUANTITY_MAX = 1_000_000
TEXT_CHARS_MAX = 200
ID_DIGITS_MAX = 18
DECLINED_CARD = "4000000000000002"


@dataclass(frozen=True, slots=True)
class OrderLine:
    sku: str
    quantity: int


def order_lines(context: Mapping[str, Any]) -> list[OrderLine]:
    """Returns `order_items` as lines, one per sku, in order of sku. Raises CriticalFailure."""
    items = context.get("order_items")
    if not isinstance(items, list) or not items:
        raise CriticalFailure('order_items: expected a list like [{"sku": "MUG-002", "quantity": 1}]')
    if len(items) > LINES_MAX:
        raise CriticalFailure(f"order_items: {len(items)} lines, an order takes {LINES_MAX} at most")
    quantities: dict[str, int] = {}
    for index, item in enumerate(items):
        line = order_line(item, f"order_items[{index}]")
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    return [OrderLine(sku, quantities[sku]) for sku in sorted(quantities)]


def order_line(item: object, path: str) -> OrderLine:
    if not isinstance(item, dict):
        raise CriticalFailure(f'{path}: expected {{"sku": …, "quantity": …}}, got {item!r:.80}')
    sku, quantity = item.get("sku"), item.get("quantity")
    if not isinstance(sku, str) or not sku:
        raise CriticalFailure(f"{path}.sku: expected the sku of a product, got {sku!r:.80}")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 0 < quantity <= QUANTITY_MAX:
        raise CriticalFailure(
            f"{path}.quantity: expected a whole number from 1 to {QUANTITY_MAX}, got {quantity!r:.80}"
        )
    return OrderLine(sku, quantity)


def customer_of(context: Mapping[str, Any]) -> str:
    """The customer: a text as it is, or the email, name or id of an object."""
    customer = context.get("customer")
    if isinstance(customer, dict):
        customer = next((customer[key] for key in ("email", "name", "id") if customer.get(key)), "")
    return str(customer or "").replace("\x00", "")[:TEXT_CHARS_MAX]


def card_of(context: Mapping[str, Any]) -> str:
    """The digits of the card, or an empty text. Raises CriticalFailure for `DECLINED_CARD`."""
    card = context.get("card")
    if isinstance(card, dict):
        card = card.get("number")
    digits = "".join(
        character for character in str(card or "") if character.isascii() and character.isdigit()
    )
    if digits == DECLINED_CARD:
        raise CriticalFailure("the card was declined")
    return digits


def is_external(context: Mapping[str, Any], key: str, prefix: str) -> bool:
    """Whether the reference under `key` was made by another system: it has not the shop's prefix."""
    reference = context.get(key)
    return bool(reference) and not str(reference).startswith(f"{prefix}-")


def reference_number(context: Mapping[str, Any], key: str, prefix: str) -> int:
    """The row id in a reference such as `RES-000012` under `key`; 0, which no row has, if there is none."""
    reference = context.get(key)
    if not isinstance(reference, str) or not reference.startswith(f"{prefix}-"):
        return 0
    digits = reference.removeprefix(f"{prefix}-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= ID_DIGITS_MAX else 0
