"""Accounts that drift alike, the largest groups first: the same places, the same direction, the same missing event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from recon.models import AccountState, Cluster
from recon.queries.points import Point

MOST = 50
COUNTED = 10_000


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


@dataclass(frozen=True, slots=True)
class Sizes:
    """(key, accounts) of the largest, how many clusters there are, and the accounts of all of them."""

    largest: tuple[tuple[str, int], ...]
    clusters: int
    accounts: int

    def as_json(self) -> dict[str, Any]:
        return {"largest": [list(one) for one in self.largest], "clusters": self.clusters, "accounts": self.accounts}


def cluster_sizes() -> Sizes:
    """Counted on an index that holds the drifted accounts alone."""
    drifted = AccountState.objects.exclude(cluster="").values_list("cluster").annotate(accounts=Count("*"))
    counted = list(drifted.order_by("-accounts", "cluster"))
    return Sizes(tuple(counted[:MOST]), len(counted), sum(accounts for _, accounts in counted))


def clusters(point: Point | None, *, most: int) -> Clusters:
    """As the point counted them; before the first point, as they are."""
    sizes = _sizes_of(point) if point else cluster_sizes()
    shown = sizes.largest[:most]
    rows = Cluster.objects.in_bulk([key for key, _ in shown])
    largest = tuple(_line(rows[key], accounts) for key, accounts in shown if key in rows)
    return Clusters(largest, sizes.clusters - len(shown), sizes.accounts - sum(accounts for _, accounts in shown))


def cluster(key: str) -> ClusterLine | None:
    """One of them, also where no account is in it any more; counted up to `COUNTED`."""
    row = Cluster.objects.filter(key=key).first()
    return _line(row, AccountState.objects.filter(cluster=key)[:COUNTED].count()) if row else None


def _sizes_of(point: Point) -> Sizes:
    kept = point.counts["clusters"]
    return Sizes(tuple((key, accounts) for key, accounts in kept["largest"]), kept["clusters"], kept["accounts"])


def _line(row: Cluster, accounts: int) -> ClusterLine:
    return ClusterLine(row.key, accounts, tuple(row.pattern), row.cause, row.first_seen_at)
