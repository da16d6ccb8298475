"""A folder may name the groups and people that see, design and operate its workflows."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("designer", "0008_proofs_before_publishing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FolderRight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[("view", "See"), ("design", "Design"), ("operate", "Operate")], max_length=7
                    ),
                ),
                ("group_name", models.CharField(blank=True, help_text="When it was named.", max_length=150)),
                ("user_name", models.CharField(blank=True, editable=False, max_length=150, null=True)),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rights",
                        to="designer.folder",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["folder", "act", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("folder", "act", "group"), name="folder_right_of_group_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("folder", "act", "user"), name="folder_right_of_user_unique"
                    ),
                ],
            },
        ),
    ]
