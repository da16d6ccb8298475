from typing import Any

from django.db import migrations, models

ROWS = 500


def count(apps: Any, schema_editor: Any) -> None:
    """Takes over what the runs that ended before have left, from the machine's own counter."""
    Run = apps.get_model("runs", "Run")
    rows = Run._base_manager.filter(status__in=("failed", "cancelled"), state__left_undone__gt=0)
    for run in rows.only("pk", "state").iterator(ROWS):
        Run._base_manager.filter(pk=run.pk).update(left=run.state["left_undone"])


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0009_list_cases_and_acts_by_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="left",
            field=models.PositiveIntegerField(
                db_column="left_undone",
                db_default=0,
                default=0,
                help_text="Effects left undone, of this run and of its child runs.",
            ),
        ),
        migrations.AddField(
            model_name="stepfigures",
            name="left",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="Effects left undone."),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
