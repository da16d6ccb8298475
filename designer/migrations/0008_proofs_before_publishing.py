"""Certificates of definitions, and what publishing a workflow needs."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("designer", "0007_notes_of_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflow",
            name="publish_needs",
            field=models.CharField(
                choices=[
                    ("nothing", "nothing"),
                    ("proof", "a proof"),
                    ("rehearsal", "a proof and a rehearsal"),
                ],
                db_default="nothing",
                default="nothing",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("builds_on", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("holds", models.BooleanField(null=True)),
                ("progress", models.JSONField(default=dict)),
                ("content", models.JSONField(null=True)),
                ("histories", models.JSONField(default=list)),
                ("stop_asked", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                (
                    "seen_at",
                    models.DateTimeField(help_text="When the process that explores was last heard of."),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="designer.workflow",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["workflow", "digest", "-id"], name="certificate_by_digest")],
            },
        ),
    ]
