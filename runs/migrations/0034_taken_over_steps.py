from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0033_facts_of_steps_for_forecasts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="steprun",
            name="undo",
            field=models.CharField(
                choices=[
                    ("none", "none"),
                    ("pending", "pending"),
                    ("running", "running"),
                    ("compensated", "compensated"),
                    ("failed", "failed"),
                    ("resolved", "resolved"),
                    ("abandoned", "abandoned"),
                    ("taken_over", "taken_over"),
                ],
                default="none",
                max_length=11,
            ),
        ),
    ]
