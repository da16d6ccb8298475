"""Figures of each workflow, for charts of people who may not see all of them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0031_lists_by_id_error_end_and_saved_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkflowFigures",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("status", models.CharField(max_length=12)),
                ("workflow_name", models.CharField(max_length=63)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "durations",
                    models.JSONField(default=dict, help_text="How many by size; see runs.histogram."),
                ),
            ],
            options={
                "verbose_name_plural": "workflow figures",
                "ordering": ["hour", "status", "workflow_name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "status", "workflow_name"), name="figures_of_workflow"
                    )
                ],
            },
        ),
    ]
