from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index of a table that is written to all the while is built beside its writers.
    atomic = False

    dependencies = [
        ('recon', '0018_sweeps_by_shard'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='sweeprun',
            index=models.Index(condition=models.Q(('finished_at__isnull', False), ('proved_at__isnull', False)), fields=['-proved_at'], name='sweep_run_proved'),
        ),
    ]
