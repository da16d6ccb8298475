from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0012_search_texts_in_normal_form")]
    operations = [
        migrations.AddField(
            model_name="run",
            name="key_digest",
            field=models.CharField(
                blank=True,
                help_text="Digest of what the idempotency key was sent with; older runs have none.",
                max_length=64,
                null=True,
            ),
        ),
    ]
