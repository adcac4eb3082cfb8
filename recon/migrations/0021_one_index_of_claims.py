from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Nobody who writes to the table waits for it.
    atomic = False

    dependencies = [
        ('recon', '0020_who_claims_whom'),
    ]

    operations = [
        RemoveIndexConcurrently(
            model_name='stripeobject',
            name='stripe_object_claim',
        ),
    ]
