from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Indexes of tables that are written to all the while are built beside their writers; a constraint then takes over
    # its index at once. Items of the release before have no proposal, so the new constraint says of them what the old did.
    atomic = False

    dependencies = [
        ('recon', '0012_undo'),
    ]

    operations = [
        migrations.CreateModel(
            name='StripePace',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('next_at', models.DateTimeField(help_text='what was handed out is paid for until then; later ones wait')),
                ('halvings', models.SmallIntegerField(default=0, help_text='how often the pace was halved because Stripe asked')),
                ('slowed_at', models.DateTimeField(help_text='when Stripe last said too many requests', null=True)),
            ],
            options={
                'db_table': 'stripe_pace',
            },
        ),
        migrations.AddField(
            model_name='bulkrepair',
            name='kind',
            field=models.TextField(choices=[('repairs', "an account's plan, an item each"), ('proposals', 'a call to Stripe that a plan proposes, an item each')], db_default='repairs', default='repairs'),
        ),
        migrations.AddField(
            model_name='bulkrepairitem',
            name='proposal',
            field=models.TextField(db_default='', default='', help_text='verb:object; empty in a run of repairs'),
        ),
        migrations.AlterField(
            model_name='bulkrepair',
            name='accounts',
            field=models.IntegerField(db_default=0, default=0, help_text='its items: one an account, or a proposal'),
        ),
        migrations.AlterField(
            model_name='bulkrepair',
            name='selection',
            field=models.JSONField(db_default={}, default=dict, help_text='the filter as in the URL, ticked, …'),
        ),
        AddIndexConcurrently(
            model_name='evaluation',
            index=models.Index(condition=models.Q(('proposals', []), _negated=True), fields=['id'], name='evaluation_proposes'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'create unique index concurrently bulk_item_once'
                    ' on bulk_repair_item (bulk_repair_id, account_id, proposal)',
                    'drop index if exists bulk_item_once',
                ),
                migrations.RunSQL(
                    'alter table bulk_repair_item add constraint bulk_item_once unique using index bulk_item_once',
                    'alter table bulk_repair_item drop constraint bulk_item_once',
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name='bulkrepairitem',
                    constraint=models.UniqueConstraint(fields=('bulk_repair', 'account_id', 'proposal'), name='bulk_item_once'),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='bulkrepairitem',
            name='bulk_repair_item_once',
        ),
    ]
