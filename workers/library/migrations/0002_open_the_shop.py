"""Puts the first products on the shelves."""

from typing import Any

from django.db import migrations

OPENING_STOCK = 100_000

PRODUCTS = (
    ("TEA-001", "Green tea, 100 g", 890),
    ("MUG-002", "Stoneware mug", 1_450),
    ("BOOK-003", "Field guide to birds", 2_400),
    ("LAMP-004", "Reading lamp", 5_900),
    ("CHAIR-005", "Oak chair", 18_900),
    ("DESK-006", "Standing desk", 49_900),
)


def open_the_shop(apps: Any, schema_editor: Any) -> None:
    """Adds the products that are missing; those that are there keep their stock."""
    products = apps.get_model("library", "Product").objects
    for sku, name, price_cents in PRODUCTS:
        new = {
            "name": name,
            "price_cents": price_cents,
            "initial_stock": OPENING_STOCK,
            "stock": OPENING_STOCK,
        }
        products.get_or_create(sku=sku, defaults=new)


class Migration(migrations.Migration):
    dependencies = [("library", "0001_shop_and_metrics")]
    operations = [migrations.RunPython(open_the_shop, migrations.RunPython.noop)]
