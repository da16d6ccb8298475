"""A version has a note that says what is new in it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("designer", "0006_folders_favourites_and_the_archive")]

    operations = [
        migrations.AddField(
            model_name="workflowversion",
            name="note",
            field=models.CharField(blank=True, default="", max_length=500),
        ),
    ]
