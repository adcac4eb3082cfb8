from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index of a table that is written to all the while is built beside its writers.
    atomic = False

    dependencies = [
        ('recon', '0014_api_tokens'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='accountstate',
            index=models.Index(condition=models.Q(('owed', {}), _negated=True), fields=['account_id'], name='account_state_owing'),
        ),
    ]
