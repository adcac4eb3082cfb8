from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recon', '0017_trace_context'),
    ]

    operations = [
        migrations.AddField(
            model_name='accountstate',
            name='steady_by',
            field=models.BigIntegerField(help_text='the rules by which equal rows have the same outcome; null: it is always evaluated anew', null=True),
        ),
        migrations.AddField(
            model_name='sweeprun',
            name='proved_at',
            field=models.DateTimeField(help_text='once it has finished, whoever is steady was looked at as of then', null=True),
        ),
        migrations.AddField(
            model_name='sweeprun',
            name='proved_reads',
            field=models.JSONField(help_text='how each store was read for that', null=True),
        ),
        migrations.AddField(
            model_name='sweeprun',
            name='unchanged',
            field=models.IntegerField(db_default=0, default=0, help_text='accounts that are in no chunk'),
        ),
        migrations.AlterField(
            model_name='accountstate',
            name='fingerprint',
            field=models.BigIntegerField(help_text='of all rows that the latest evaluation came from', null=True),
        ),
        migrations.AlterField(
            model_name='accountstate',
            name='fingerprint_until',
            field=models.DateTimeField(help_text='from when on equal rows may have another outcome; null: never', null=True),
        ),
    ]
