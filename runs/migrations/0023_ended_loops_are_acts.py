from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0022_priority_of_triggers")]

    operations = [
        # Built by 0036, while the old processes work.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="journalentry", name="journal_acts"),
                migrations.AddIndex(
                    model_name="journalentry",
                    index=models.Index(
                        condition=models.Q(
                            (
                                "type__in",
                                (
                                    "intervention.opened",
                                    "intervention.claimed",
                                    "intervention.answered",
                                    "run.compensating",
                                    "run.cancelled",
                                    "run.paused",
                                    "run.unpaused",
                                    "signal.received",
                                    "step.brought_forward",
                                    "step.enough",
                                ),
                            )
                        ),
                        fields=["at", "id"],
                        name="journal_acts",
                    ),
                ),
            ]
        ),
    ]
