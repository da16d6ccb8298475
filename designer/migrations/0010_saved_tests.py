"""A workflow holds saved tests."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("designer", "0009_rights_of_folders"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkflowTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveIntegerField(help_text="Its place in the list.")),
                ("name", models.CharField(max_length=200)),
                ("document", models.JSONField()),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tests",
                        to="designer.workflow",
                    ),
                ),
            ],
            options={
                "ordering": ["workflow", "place"],
                "constraints": [
                    models.UniqueConstraint(fields=("workflow", "name"), name="workflow_test_name_unique")
                ],
            },
        ),
    ]
