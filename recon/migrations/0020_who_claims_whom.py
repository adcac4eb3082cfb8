from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index of a table that is written to all the while is built beside its writers.
    atomic = False

    dependencies = [
        ('recon', '0019_latest_proof'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='stripeobject',
            index=models.Index(condition=models.Q(('account_id__isnull', False)), fields=['account_id'], include=('id',), name='stripe_object_claimed_by'),
        ),
    ]
