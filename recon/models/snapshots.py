"""What the six stores said, one model per store, mirroring its tables.

A row is added only when the store said something new about the account: an account's rows, ordered by `read_at`, are
the store's history as we saw it. Between `read_at` and `last_read_at` the store is known to have said exactly this. A
failed read leaves no row here; the evaluation keeps its reason. A sweep that proves an account unchanged reads no
rows and moves no date here, but that of the account's state.
"""

from django.db import models


class StoreSnapshot(models.Model):
    """One thing that one store said about one account: a list of rows for every table, as in a case's JSON."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    read_at = models.DateTimeField(help_text="first time that the store said so")
    last_read_at = models.DateTimeField(help_text="latest time that the store said so")
    content_hash = models.CharField(max_length=64, help_text="sha256 of the rows, whatever their order")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["account_id", "-read_at", "-id"], name="%(class)s_latest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_read_at__gte=models.F("read_at")), name="%(class)s_read_in_order"
            ),
        ]

    @classmethod
    def tables(cls) -> list[str]:
        """The names of the store's tables, a JSON column each."""
        return [field.name for field in cls._meta.get_fields() if isinstance(field, models.JSONField)]


class SubsAccountSnapshot(StoreSnapshot):
    accounts = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_subs_account"


class SubsCustomerSnapshot(StoreSnapshot):
    customers = models.JSONField(default=list)
    customer_aliases = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_subs_customer"


class SubsDunningSnapshot(StoreSnapshot):
    dunning = models.JSONField(default=list)
    balances = models.JSONField(default=list)
    intents = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_subs_dunning"


class BillingProdSnapshot(StoreSnapshot):
    invoices = models.JSONField(default=list)
    payments = models.JSONField(default=list)
    adjustments = models.JSONField(default=list)
    contracts = models.JSONField(default=list)
    account_flags = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_billing_prod"


class CfProdSnapshot(StoreSnapshot):
    entitlements = models.JSONField(default=list)
    blocks = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_cf_prod"


class StripeSnapshot(StoreSnapshot):
    """Stripe's own objects of the account's customers, and the invoices that the ledger names."""

    customers = models.JSONField(default=list)
    subscriptions = models.JSONField(default=list)
    invoices = models.JSONField(default=list)
    payment_intents = models.JSONField(default=list)
    charges = models.JSONField(default=list)
    disputes = models.JSONField(default=list)
    invoice_payments = models.JSONField(default=list)
    credit_notes = models.JSONField(default=list)

    class Meta(StoreSnapshot.Meta):
        db_table = "snapshot_stripe"
