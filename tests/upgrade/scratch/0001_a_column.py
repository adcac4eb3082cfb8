"""As a release would change a table that is in use."""

from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL("ALTER TABLE note ADD COLUMN scratch text", "ALTER TABLE note DROP COLUMN scratch"),
    ]
