"""A store's tables: their columns are the reference schema's; here is how an account finds its rows in them.

Where they really are, and how they spell their values, is each one's `relation`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Final, LiteralString

from psycopg import sql

from recon.engine.enums import StoreName
from recon.engine.schema import TABLES, Kind
from recon.stores.base import RowWrite
from recon.stores.relation import Relation

OWNER: Final = "_owner"
_NAMES: Final = {name: sql.Identifier(name) for tables in TABLES.values() for name in tables}


def composed(query: LiteralString, relations: tuple[Relation, ...], **parts: sql.Composable) -> sql.Composed:
    """A query that names the tables it reads as `{invoices}`; those of `relations` are where these say."""
    return sql.SQL(query).format(**_NAMES | {one.table: one.source() for one in relations} | parts)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the reference schema, and how an account finds its rows in it.

    `query` names the account of a row as `_owner`: an account that was asked for, or, with `by_family`, any member of
    its family; with `by_neighbours` too, any account that shares a Stripe customer with it. Its parameters are
    `accounts`, `members` and `neighbourhood`, each text[]; `of_everybody` is the same of all accounts, each asked for
    by itself. `derived` are the columns that a plan may write, and `ours` narrows them to the rows whose key has these
    values. `relations` are those of all tables of its store, where a mapping names them.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    derived: frozenset[str] = frozenset()
    ours: tuple[tuple[str, str], ...] = ()
    query: LiteralString | None = None
    of_everybody: LiteralString | None = None
    by_family: bool = False
    by_neighbours: bool = False
    relations: tuple[Relation, ...] = ()

    @property
    def relation(self) -> Relation:
        return next((one for one in self.relations if one.table == self.name), Relation.reference(self.name))

    @cache  # noqa: B019  the tables live as long as the process, and each read of an account asks for all of them
    def select(self) -> bytes:
        """The statement that reads this table for any number of accounts."""
        return self._select().as_bytes()

    def fingerprints(self) -> sql.Composed:
        """The query that gives each account one number for all rows that `select` gives for it."""
        return sql.SQL("SELECT _owner, bit_xor({}) FROM ({}) AS said GROUP BY 1").format(self._number(), self._select())

    def shard_sums(self) -> bytes:
        """The statement that folds those numbers of all accounts into one for each shard, which `mask` cuts out of the
        hash of an id."""
        return (
            sql.SQL("SELECT hashtextextended(_owner, 0) & %(mask)s, bit_xor({}) FROM ({}) AS said GROUP BY 1")
            .format(self._number(), self._select_everybody())
            .as_bytes()
        )

    def _number(self) -> sql.Composed:
        """Of a row that is `said`: for each that owns it another one, so that two of a shard do not cancel out."""
        columns = sql.SQL(", ").join(sql.Identifier("said", column) for column in (OWNER, *self.columns))
        return sql.SQL("hash_record_extended(ROW({}), {})").format(columns, sql.Literal(self._seed()))

    def _seed(self) -> int:
        """Equal rows of two tables must not cancel each other out, and those of another mapping are other rows."""
        told = f"{self.name} {self.columns}{self.relations or ''}"
        return int.from_bytes(sha256(told.encode()).digest()[:8], signed=True)

    def _select_everybody(self) -> sql.Composed:
        if self.of_everybody is not None:
            return composed(self.of_everybody, self.relations, columns=self._names())
        return sql.SQL("SELECT t.account_id AS _owner, {} FROM {} t").format(self._names(), self.relation.source())

    def _names(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier("t", column) for column in self.columns)

    def _select(self) -> sql.Composed:
        if self.query is not None:
            return composed(self.query, self.relations, columns=self._names())
        by_family = "neighbourhood" if self.by_neighbours else "members"
        asked = sql.Placeholder(by_family if self.by_family else "accounts")
        return sql.SQL("SELECT t.account_id AS _owner, {} FROM {} t WHERE t.account_id = ANY({})").format(
            self._names(), self.relation.source(), asked
        )

    def owns(self, row: Mapping[str, Any], column: str) -> bool:
        """Whether the engine is the one writer of this cell."""
        return column in self.derived and all(row[name] == value for name, value in self.ours)

    def foreign_to_us(self, write: RowWrite) -> set[str]:
        """What the write touches that the engine does not own: column names, empty when all of it is ours."""
        columns = {name for name, _ in write.after} - self.derived
        rows = {name for name, _ in self.ours if (name, dict(self.ours)[name]) not in write.key}
        return columns | rows | (set() if self.derived else {self.name})


@cache
def fingerprints_of(tables: tuple[Table, ...]) -> bytes:
    """The statement that gives, for each of `accounts` in their order, one number for all rows that the tables' selects
    give for it, 0 where there are none: big-endian, eight bytes each, in one value.

    It is the same for equal rows in any order, and tells other rows apart but for one chance in 2^64. The hash is
    PostgreSQL's own over each column's binary value.
    """
    return (
        sql.SQL(
            "SELECT string_agg(int8send(coalesce(taken.number, 0)), ''::bytea ORDER BY asked.place)"
            " FROM unnest(%(accounts)s::text[]) WITH ORDINALITY AS asked (account_id, place) LEFT JOIN ("
            "SELECT _owner, bit_xor(number) AS number FROM ({}) AS of_table (_owner, number) GROUP BY _owner"
            ") AS taken ON taken._owner = asked.account_id"
        )
        .format(sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(table.fingerprints()) for table in tables))
        .as_bytes()
    )


def roster_page(tables: Iterable[Table]) -> bytes:
    """The statement that lists the next `limit` ids `after` one, in byte order, of all that these tables name."""
    pages = [
        sql.SQL(
            "(SELECT DISTINCT account_id FROM {} t WHERE account_id > %(after)s ORDER BY account_id LIMIT %(limit)s)"
        ).format(table.relation.source())
        for table in tables
    ]
    named = sql.SQL("SELECT account_id FROM ({}) named ORDER BY account_id LIMIT %(limit)s")
    return named.format(sql.SQL(" UNION ").join(pages)).as_bytes()


def roster_of_shards(tables: Iterable[Table]) -> bytes:
    """The statement that lists the ids, of all that these tables name, whose shard by `mask` is one of `shards`.

    A shard is a bigint: among numbers of another type each row would be compared with every one of them.
    """
    named = [
        sql.SQL(
            "SELECT account_id FROM {} t WHERE hashtextextended(account_id, 0) & %(mask)s = ANY(%(shards)s::bigint[])"
        ).format(table.relation.source())
        for table in tables
    ]
    return sql.SQL(" UNION ").join(named).as_bytes()


def table(
    store: StoreName,
    name: str,
    *,
    query: LiteralString | None = None,
    of_everybody: LiteralString | None = None,
    by_family: bool = False,
    by_neighbours: bool = False,
) -> Table:
    """A table of the reference schema: the engine reads all its columns, and writes the DERIVED ones."""
    described = TABLES[store][name]
    return Table(
        name=name,
        key=described.key,
        columns=tuple(column.name for column in described.columns),
        derived=frozenset(column.name for column in described.columns if column.kind is Kind.DERIVED),
        query=query,
        of_everybody=of_everybody,
        by_family=by_family,
        by_neighbours=by_neighbours,
    )
