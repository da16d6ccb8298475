"""Puts the first products on the shelves."""

from typing import Any

from django.db import migrations

from workers.library.shop.stock import stock_shelves


def open_the_shop(apps: Any, schema_editor: Any) -> None:
    stock_shelves(apps.get_model("library", "Product"))


class Migration(migrations.Migration):
    dependencies = [("library", "0001_shop_and_metrics")]
    operations = [migrations.RunPython(open_the_shop, migrations.RunPython.noop)]
