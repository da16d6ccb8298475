from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0013_digest_of_what_a_key_came_with")]
    operations = [
        migrations.AddField(
            model_name="trigger",
            name="delivery",
            field=models.CharField(
                blank=True,
                default="",
                help_text=(
                    "Where a delivery's id stands: a header, or a path such as body.id; empty: known headers."
                ),
                max_length=200,
            ),
        ),
    ]
