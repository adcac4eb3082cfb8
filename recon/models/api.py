"""The programs that may call the API, and the answers they were given: a call that is sent twice acts once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class ApiToken(models.Model):
    """A program's way in. Its secret is nowhere kept; whoever holds the hash cannot call with it.

    Never deleted: its name stands in the audit, and is never given to another.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(unique=True, help_text="the audit names it token:name")
    prefix = models.CharField(max_length=12, unique=True, help_text="the part of the token that may be seen")
    secret_hash = models.CharField(max_length=64, help_text="sha256 of the secret part, in hex")
    scopes = ArrayField(models.TextField(), help_text="read, repair, bulk, audit")
    purpose = models.TextField(help_text="what it is for")
    made_by = models.TextField(help_text="user:name")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(default="", db_default="")
    revoke_reason = models.TextField(default="", db_default="")

    class Meta:
        db_table = "api_token"
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="api_token_lasts"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_token_has_scope"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoke_reason=""), name="api_token_revoked_says_why"
            ),
        ]


class IdempotentRequest(models.Model):
    """One call that changes something, by the key that its caller gave it; its answer, once there is one.

    While it runs its lease does: after that somebody died over it, and the same call may run again.
    """

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.TextField()
    request = models.TextField(help_text="method and path")
    body_hash = models.CharField(max_length=64, help_text="sha256 of the body")
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    status = models.SmallIntegerField(null=True, help_text="of the answer; null while there is none")
    headers = models.JSONField(default=dict, db_default={})
    body = models.TextField(default="", db_default="")

    class Meta:
        db_table = "idempotent_request"
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotent_request_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_age")]
