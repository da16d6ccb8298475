"""The roles; and everybody who has an account keeps what they may do."""

from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models

from config.accounts.roles import make_groups


def make_roles(apps: Apps, schema_editor: Any) -> None:
    make_groups(apps)
    groups = {group.name: group for group in apps.get_model("auth", "Group").objects.all()}
    for user in apps.get_model("auth", "User").objects.iterator():
        names = ["Admin"] if user.is_superuser else ["Designer", "Operator"] if user.is_staff else ["Viewer"]
        user.groups.add(*[groups[name] for name in names])


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Board",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                )
            ],
            options={
                "permissions": [
                    ("view", "May see workflows and runs"),
                    ("design", "May change workflows"),
                    ("operate", "May operate runs"),
                    ("administer", "May administer accounts"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
    ]
