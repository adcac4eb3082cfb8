"""What an account can be looked up by: every id, email and name that any store has for it.

One row an account, rewritten when what the stores say changes. PostgreSQL's own arrays and indexes do: no extension is
asked of the company's server.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class AccountHandles(models.Model):
    """The handles of one account, folded as `recon.queries.handles` folds what a person types."""

    account_id = models.TextField(primary_key=True)
    ids = ArrayField(models.TextField(), default=list, help_text="exact: accounts merged in, Stripe's and the ledger's")
    names = ArrayField(models.TextField(), default=list, help_text="emails and names as the stores write them")
    words = ArrayField(models.TextField(), default=list, help_text="folded, in `names`' order")
    first_email = models.TextField(default="", help_text="folded; found by how it begins")
    first_name = models.TextField(default="", help_text="folded; found by how it begins")
    grams = ArrayField(models.TextField(), default=list, help_text="all runs of three letters of `words`, each once")

    class Meta:
        db_table = "account_handles"
        # Entries that wait to be merged are read through by each look-up, and a search may be 500 look-ups.
        indexes = [
            GinIndex(fields=["ids"], name="account_handles_ids", fastupdate=False),
            GinIndex(fields=["grams"], name="account_handles_grams", fastupdate=False),
            models.Index(fields=["first_email"], opclasses=["text_pattern_ops"], name="account_handles_email"),
            models.Index(fields=["first_name"], opclasses=["text_pattern_ops"], name="account_handles_name"),
        ]
