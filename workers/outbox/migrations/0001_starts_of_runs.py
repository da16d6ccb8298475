import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Start",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("workflow", models.CharField(max_length=63)),
                ("key", models.CharField(max_length=200)),
                ("group", models.CharField(max_length=264)),
                ("input", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("labels", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("given up", "Given Up"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("give_up_at", models.DateTimeField()),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("run", models.CharField(blank=True, max_length=64)),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "start of a run",
                "verbose_name_plural": "starts of runs",
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="sagaboard_outbox_due"),
                    models.Index(fields=["group", "state", "id"], name="sagaboard_outbox_group"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workflow", "key"), name="sagaboard_outbox_once")
                ],
            },
        ),
    ]
