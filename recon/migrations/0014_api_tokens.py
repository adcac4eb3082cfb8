import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recon', '0013_bulk_proposals'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField(help_text='the audit names it token:name', unique=True)),
                ('prefix', models.CharField(help_text='the part of the token that may be seen', max_length=12, unique=True)),
                ('secret_hash', models.CharField(help_text='sha256 of the secret part, in hex', max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), help_text='read, repair, bulk, audit', size=None)),
                ('purpose', models.TextField(help_text='what it is for')),
                ('made_by', models.TextField(help_text='user:name')),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(help_text='to the minute', null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by', models.TextField(db_default='', default='')),
                ('revoke_reason', models.TextField(db_default='', default='')),
            ],
            options={
                'db_table': 'api_token',
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at'))), name='api_token_lasts'), models.CheckConstraint(condition=models.Q(('scopes', []), _negated=True), name='api_token_has_scope'), models.CheckConstraint(condition=models.Q(('revoked_at__isnull', True), models.Q(('revoke_reason', ''), _negated=True), _connector='OR'), name='api_token_revoked_says_why')],
            },
        ),
        migrations.CreateModel(
            name='IdempotentRequest',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.TextField()),
                ('request', models.TextField(help_text='method and path')),
                ('body_hash', models.CharField(help_text='sha256 of the body', max_length=64)),
                ('created_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField()),
                ('status', models.SmallIntegerField(help_text='of the answer; null while there is none', null=True)),
                ('headers', models.JSONField(db_default={}, default=dict)),
                ('body', models.TextField(db_default='', default='')),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='recon.apitoken')),
            ],
            options={
                'db_table': 'idempotent_request',
                'indexes': [models.Index(fields=['created_at'], name='idempotent_request_age')],
                'constraints': [models.UniqueConstraint(fields=('token', 'key'), name='idempotent_request_once')],
            },
        ),
    ]
