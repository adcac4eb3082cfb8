"""Accounts that drift alike, the largest groups first: the same places, the same direction, the same missing event."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from recon.models import AccountState, Cluster


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """`pattern` has `store.table.column: stored → truth` for each place; `cause` is a word of a closed set."""

    key: str
    accounts: int
    pattern: tuple[str, ...]
    cause: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Clusters:
    """The largest, and what the others are together."""

    largest: tuple[ClusterLine, ...]
    other_clusters: int
    other_accounts: int


def clusters(*, most: int) -> Clusters:
    """Counted on an index that holds the drifted accounts alone."""
    drifted = AccountState.objects.exclude(cluster="").values_list("cluster").annotate(accounts=Count("account_id"))
    counted = list(drifted.order_by("-accounts", "cluster"))
    rows = Cluster.objects.in_bulk([key for key, _ in counted[:most]])
    largest = tuple(_line(rows[key], accounts) for key, accounts in counted[:most] if key in rows)
    rest = counted[most:]
    return Clusters(largest, len(rest), sum(accounts for _, accounts in rest))


def cluster(key: str) -> ClusterLine | None:
    """One of them, also where no account is in it any more."""
    row = Cluster.objects.filter(key=key).first()
    return _line(row, AccountState.objects.filter(cluster=key).count()) if row else None


def _line(row: Cluster, accounts: int) -> ClusterLine:
    return ClusterLine(row.key, accounts, tuple(row.pattern), row.cause, row.first_seen_at)
