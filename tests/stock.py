"""The first products of the shop. The migration that opens the shop imports this module."""

from __future__ import annotations

from typing import Any

OPENING_STOCK = 100_000

PRODUCTS = (
    ("TEA-001", "Green tea, 100 g", 890),
    ("MUG-002", "Stoneware mug", 1_450),
    ("BOOK-003", "Field guide to birds", 2_400),
    ("LAMP-004", "Reading lamp", 5_900),
    ("CHAIR-005", "Oak chair", 18_900),
    ("DESK-006", "Standing desk", 49_900),
)


def stock_shelves(product_model: Any) -> None:
    """Adds the products that are missing; the others keep their stock."""
    for sku, name, price_cents in PRODUCTS:
        product_model.objects.get_or_create(
            sku=sku,
            defaults={
                "name": name,
                "price_cents": price_cents,
                "initial_stock": OPENING_STOCK,
                "stock": OPENING_STOCK,
            },
        )
