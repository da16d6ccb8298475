"""Counters of runs, steps, attempts, undos and waits by workflow, for what watches over the product."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0034_taken_over_steps"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperationFigures",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("workflow_name", models.CharField(blank=True, max_length=63)),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("count", models.PositiveBigIntegerField(default=0)),
                (
                    "durations",
                    models.JSONField(default=dict, help_text="How many by size; see runs.histogram."),
                ),
            ],
            options={
                "verbose_name_plural": "operation figures",
                "ordering": ["kind", "workflow_name", "outcome"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "workflow_name", "outcome"), name="operation_figures_unique"
                    )
                ],
            },
        ),
    ]
