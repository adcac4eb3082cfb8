"""What a person decided on what a machine may not decide: the row says what the owner of a store has to do, or until
when a difference is accepted. What the stores then say ends it."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Index, Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Collate

from recon.models.ranks import FINDINGS


class CaseKind(models.TextChoices):
    """What may be decided."""

    LINK = "link", "the Stripe customer is this account's"
    UNLINK = "unlink", "the Stripe customer is not that account's"
    STORE_IS_RIGHT = "store_is_right", "the ledger's or Stripe's balance of an invoice is the true one"
    KEEP_SUBSCRIPTION = "keep_subscription", "this one stays, the others are to be cancelled"
    HAND_OVER = "hand_over", "a store's owner has to look"
    ACCEPT = "accept", "the difference stays until a day, and nobody applies the plan"


class CaseClosing(models.TextChoices):
    """Why an evaluation closed it."""

    GONE = "gone", "the stores no longer say it"
    CHANGED = "changed", "the stores say something else now"
    WORSE = "worse", "the account is in worse harm than when it was accepted"


STANDS: Final = Q(ended_at__isnull=True, closed_at__isnull=True)
DRIFT: Final = "drift"
"""Stands for a finding where what is decided on is the difference between stores and truth itself."""


class CaseDecision(models.Model):
    """One decision on one finding, as it was when it was decided on. It stands until a person ends it (`ended_…`) or an
    evaluation closes it (`closed_at`, `closing`)."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    finding = models.TextField(help_text="a finding's kind, or drift")
    text = models.TextField(help_text="the finding's sentence")
    refs = ArrayField(models.TextField(), help_text="what it speaks of, sorted; of drift: place: stored → true")
    refs_hash = models.CharField(max_length=64)
    kind = models.TextField(choices=CaseKind.choices)
    params = models.JSONField(default=dict, help_text="customer, account, invoice, store, subscription, reference")
    owner = models.TextField(default="", help_text="the store whose owner has to act; empty for what is accepted")
    hand_over = models.JSONField(default=dict, help_text="{sentence, call}: what the owner was told")
    covers_severe = models.BooleanField(default=False, help_text="accepted when the harm was the worst already")
    until = models.DateTimeField(null=True)
    reason = models.TextField()
    decided_by = models.TextField(help_text="user:name")
    at = models.DateTimeField()
    request_key = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")
    end_reason = models.TextField(default="")
    closed_at = models.DateTimeField(null=True, help_text="the clock of the evaluation that closed it")
    closing = models.TextField(default="", choices=CaseClosing.choices)

    class Meta:
        db_table = "case_decision"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="case_decision_has_reason"),
            models.CheckConstraint(
                condition=Q(kind=CaseKind.ACCEPT, until__isnull=False) | (~Q(kind=CaseKind.ACCEPT) & Q(until=None)),
                name="case_decision_until",
            ),
            models.UniqueConstraint(fields=["request_key"], name="case_decision_once", condition=~Q(request_key="")),
        ]
        indexes = [
            Index(fields=["account_id", "-id"], name="case_decision_account"),
            Index(fields=["account_id"], name="case_decision_standing", condition=STANDS),
            Index(fields=["id"], name="case_decision_oldest", condition=STANDS),
            Index(fields=["until"], name="case_decision_due", condition=STANDS & Q(kind=CaseKind.ACCEPT)),
            Index(fields=["-id"], name="case_decision_over", condition=~STANDS),
        ]


def _since(finding: str) -> Collate:
    return Collate(KeyTextTransform("since", KeyTransform(finding, "standing")), "C")


# Each finding that stands, the longest first: a page is a short walk along one of them.
STANDING_INDEXES: Final = tuple(
    Index(_since(one), "account_id", name=f"stands_{number}", condition=Q(standing__has_key=one))
    for number, one in enumerate(FINDINGS)
)
