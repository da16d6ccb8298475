"""The roles; and everybody who has an account keeps what they may do."""

from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models

PERMISSIONS = {
    "view": "May see workflows and runs",
    "design": "May change workflows",
    "operate": "May operate runs",
    "administer": "May administer accounts",
}
ROLES = {
    "Viewer": ("view",),
    "Designer": ("view", "design"),
    "Operator": ("view", "operate"),
    "Admin": ("view", "design", "operate", "administer"),
}


def make_roles(apps: Apps, schema_editor: Any) -> None:
    """What the roles may has been brought up to date since by every `migrate`."""
    groups = {name: make_role(apps, name) for name in ROLES}
    for user in apps.get_model("auth", "User").objects.iterator():
        names = ["Admin"] if user.is_superuser else ["Designer", "Operator"] if user.is_staff else ["Viewer"]
        user.groups.add(*[groups[name] for name in names])


def make_role(apps: Apps, name: str) -> Any:
    """The group of a role; one that is there stays as it is."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="config", model="board"
    )
    permissions = apps.get_model("auth", "Permission").objects
    group, is_new = apps.get_model("auth", "Group").objects.get_or_create(name=name)
    for codename in ROLES[name] if is_new else ():
        permission, _ = permissions.get_or_create(
            content_type=kind, codename=codename, defaults={"name": PERMISSIONS[codename]}
        )
        group.permissions.add(permission)
    return group


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
