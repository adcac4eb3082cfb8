from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recon', '0016_unchanged_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='apply',
            name='traceparent',
            field=models.TextField(help_text='W3C trace context of the approval; null: traces were off', null=True),
        ),
        migrations.AddField(
            model_name='bulkrepair',
            name='traceparent',
            field=models.TextField(help_text='W3C trace context of the start; null: traces were off', null=True),
        ),
        migrations.AddField(
            model_name='inbox',
            name='traceparent',
            field=models.TextField(help_text='W3C trace context of whoever kept it; null: traces were off', null=True),
        ),
        migrations.AddField(
            model_name='outboxevent',
            name='traceparent',
            field=models.TextField(help_text='W3C trace context of the deed; null: traces were off', null=True),
        ),
        migrations.AddField(
            model_name='recompute',
            name='traceparent',
            field=models.TextField(help_text='W3C trace context of the evaluation; null: traces were off', null=True),
        ),
    ]
