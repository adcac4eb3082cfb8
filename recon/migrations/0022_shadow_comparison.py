from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recon', '0021_one_index_of_claims'),
    ]

    operations = [
        migrations.CreateModel(
            name='ShadowMark',
            fields=[
                ('name', models.TextField(default='shadow', primary_key=True, serialize=False)),
                ('upto', models.BigIntegerField(db_default=0, default=0)),
                ('since', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'shadow_mark',
            },
        ),
        migrations.CreateModel(
            name='ShadowCell',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('account_id', models.TextField()),
                ('place', models.TextField(help_text='store.table.column')),
                ('stored', models.JSONField(null=True)),
                ('since', models.DateTimeField()),
                ('is_disputed', models.BooleanField(db_default=False, default=False)),
                ('is_counted', models.BooleanField(db_default=False, default=False, help_text='as engine_only')),
            ],
            options={
                'db_table': 'shadow_cell',
                'indexes': [models.Index(condition=models.Q(('is_counted', False), ('is_disputed', False)), fields=['since'], name='shadow_cell_waiting')],
                'constraints': [models.UniqueConstraint(fields=('account_id', 'place'), name='shadow_cell_once')],
            },
        ),
        migrations.CreateModel(
            name='ShadowCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateTimeField(help_text='its midnight, UTC')),
                ('name', models.TextField(help_text='a class of drift; values: cells of no class')),
                ('store', models.TextField()),
                ('kind', models.TextField(help_text='agreed, disagreed, old_only, engine_only, came_round, repaired, truth_moved')),
                ('cells', models.BigIntegerField()),
            ],
            options={
                'db_table': 'shadow_count',
                'constraints': [models.UniqueConstraint(fields=('day', 'name', 'store', 'kind'), name='shadow_count_once')],
            },
        ),
    ]
