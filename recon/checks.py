"""`manage.py check --database default` and `check --deploy`: each message says what, where, and what to do.

With `--database default` every store is visited: reachable, the reference schema there, prepared transactions really
work, and the role may do what the engine does and no more; and every replica. With `--deploy` the settings are held
against production.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, LiteralString
from urllib.parse import parse_qs, urlsplit

import psycopg
import redis
from celery.signals import worker_init
from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections
from psycopg import sql

from recon.actions.authority import ROLES
from recon.bootstrap import DATABASE_STORES, database_stores
from recon.engine.values import CaseError
from recon.mapping_checks import check_columns, is_in_reach
from recon.queries.policy import setting_is_unused
from recon.replica_checks import check_replica
from recon.stores.mapping import MappingError
from recon.stores.postgres import PostgresStore
from recon.stores.stripe import StripeApi, StripeStore
from recon.stores.tables import Table
from recon.stores.writable import row_privileges, written_there
from recon.trial_checks import check_rows_seen, check_rows_written, try_mapped

ENOUGH_PREPARED = 20
SECRET_LENGTH = 32
CONNECT_TIMEOUT_S = 3
LOCAL_HOSTS = frozenset({None, "", "localhost", "127.0.0.1", "::1"})
VERIFIED_TLS = frozenset({"verify-ca", "verify-full"})
NEVER_SERVED = frozenset({"recon.E041", "recon.E042"})  # DEBUG, and the key that everybody knows

Apps = Sequence[AppConfig] | None


@register(Tags.database)
def check_our_database(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    try:
        connections["default"].ensure_connection()
    except DatabaseError as error:
        hint = "Correct DATABASE_URL, or start the server (`manage.py demo` starts the embedded one)."
        return [Error(f"Our own database cannot be reached: {_first_line(error)}.", hint=hint, id="recon.E001")]
    return []


@register(Tags.database)
def check_policy(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    try:
        unused = setting_is_unused()
    except (DatabaseError, CaseError):  # said by other checks, or the tables are not made yet
        return []
    hint = "Change the numbers on the policy page, and set RECON_POLICY back to what it was or unset it."
    told = "RECON_POLICY has changed and nobody goes by it: a version of the policy that is kept governs."
    return [Warning(told, hint=hint, id="recon.W052")] if unused else []


@register(Tags.database)
def check_stores(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    try:
        stores = database_stores()
    except MappingError:  # said by the check of the mapping
        return []
    return [message for store in stores for message in _check_store(store)]


@register(Tags.database)
def check_stripe(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    return list(_check_stripe_key(settings.STRIPE_API_KEY, settings.STRIPE_LIVEMODE))


@register(Tags.database)
def check_stripe_answers(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases or not settings.STRIPE_API_KEY:
        return []
    told = StripeStore(StripeApi(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE, version=settings.VERSION)).trouble()
    hint = "The engine reads customers, subscriptions, invoices, payment intents, charges and disputes with this key."
    return [Error(told, hint=hint, id="recon.E034")] if told else []


@register(Tags.database)
def check_broker(app_configs: Apps, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=CONNECT_TIMEOUT_S) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        hint = "Correct REDIS_URL or start the server. Nothing is lost meanwhile, but no worker hears of new work."
        return [Error(f"The broker cannot be reached: {_first_line(error)}.", hint=hint, id="recon.E002")]
    return []


@register(deploy=True)
def check_production(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """What would be dangerous in production, apart from what Django itself looks for."""
    return [*_check_secrets(), *_check_transport(), *_check_logins()]


@worker_init.connect
def refuse_known_secrets(**_: Any) -> None:
    """Called where a server starts. SystemExit, for Celery passes over all else: it is no sandbox, and has DEBUG or the
    key of sandboxes."""
    told = [f"{one.msg} {one.hint}" for one in _check_secrets() if one.id in NEVER_SERVED]
    if told and not settings.EMBEDDED:
        raise SystemExit(" ".join(told))


def _check_store(store: PostgresStore) -> Iterator[CheckMessage]:
    variable = f"{store.name.upper()}_URL"
    url = settings.STORES[store.name] or settings.STORE_REPLICAS[store.name]
    checks = (_check_tables,) if store.read_only else (_check_tables, _check_prepared, _check_role)
    if not url:
        hint = f"Set {variable} to postgres://role:password@host:port/database."
        yield Error(f"{store.name}: no URL is set.", hint=hint, id="recon.E010")
        return
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True) as conn:
            for check in checks:
                yield from check(conn, store)
            yield from check_replica(conn, store)
    except psycopg.Error as error:
        hint = f"Correct {variable}, or start the server."
        yield Error(f"{store.name}: cannot be reached: {_first_line(error)}.", hint=hint, id="recon.E011")


def _check_prepared(conn: psycopg.Connection, store: PostgresStore) -> Iterator[CheckMessage]:
    """Whether a transaction can really be prepared: the setting alone does not tell."""
    if _one(conn, "SELECT current_setting('transaction_read_only')") == "on":
        hint = f"Let {store.name.upper()}_URL name its primary, and a role that may write; or say apply = false."
        yield Error(f"{store.name}: a standby, or a role that may only read.", hint=hint, id="recon.E021")
        return
    most = int(_one(conn, "SELECT current_setting('max_prepared_transactions')"))
    if most == 0:
        hint = "ALTER SYSTEM SET max_prepared_transactions = 64, on its standbys too, and restart the server."
        yield Error(f"{store.name}: prepared transactions are off.", hint=hint, id="recon.E012")
        return
    if most < ENOUGH_PREPARED:
        hint = f"Twice the concurrent applies and ten: at least {ENOUGH_PREPARED}."
        yield Warning(f"{store.name}: max_prepared_transactions is only {most}.", hint=hint, id="recon.W012")
    gid = sql.Literal(f"recon-check.{secrets.token_hex(8)}.{store.name}")
    try:
        conn.execute("BEGIN")
        conn.execute("SELECT pg_current_xact_id()")
        conn.execute(sql.SQL("PREPARE TRANSACTION {}").format(gid))
        conn.execute(sql.SQL("ROLLBACK PREPARED {}").format(gid))
    except psycopg.Error as error:
        hint = "See that slots are free (pg_prepared_xacts) and that no pooler in transaction mode stands between."
        yield Error(f"{store.name}: preparing a transaction failed: {_first_line(error)}.", hint=hint, id="recon.E013")


def _check_tables(conn: psycopg.Connection, store: PostgresStore) -> Iterator[CheckMessage]:
    there = {f"{store.name}.{table.name}": table for table in store.tables if table.relation.there}
    found = [message for where, table in there.items() for message in _check_reached(conn, store, table, where)]
    yield from found
    if not any(isinstance(message, Error) for message in found):  # a query may join what another table's error is of
        for where, table in there.items():
            yield from try_mapped(conn, store, table, where)


def _check_reached(conn: psycopg.Connection, store: PostgresStore, table: Table, where: str) -> Iterator[CheckMessage]:
    told = list(is_in_reach(conn, table.relation, where)) if table.relation.columns else []
    yield from told or _check_table(conn, store, table, where)


def _check_table(conn: psycopg.Connection, store: PostgresStore, table: Table, where: str) -> Iterator[CheckMessage]:
    place = table.relation.target.as_string(conn)
    hint = f"Compare {{}} with {'the store mapping' if table.relation.columns else 'recon/sandbox/schema'}."
    there = _columns(conn, place)
    if not there:
        told = f"{store.name}: there is no table {'.'.join(table.relation.place)}."
        yield Error(told, hint=hint.format("the database"), id="recon.E014")
    elif missing := _read_there(table) - there:
        yield Error(f"{where}: no column {_names(missing)}.", hint=hint.format("the table"), id="recon.E015")
    else:
        yield from _check_privileges(conn, store, table)
        if table.relation.columns:
            yield from check_columns(conn, table, where, is_written=not store.read_only)


def _read_there(table: Table) -> frozenset[str]:
    """The columns that the engine needs where the table is."""
    of_filter = {name for name, _ in table.relation.filter}
    return table.relation.names(table.columns) | written_there(table) | of_filter


def _check_privileges(conn: psycopg.Connection, store: PostgresStore, table: Table) -> Iterator[CheckMessage]:
    where, place = f"{store.name}.{table.name}", table.relation.target.as_string(conn)
    if not _may(conn, place, "SELECT"):
        hint = _grant(conn, table, "SELECT")
        yield Error(f"{where}: the engine's role may not read it.", hint=hint, id="recon.E016")
    yield from check_rows_seen(conn, table, where)
    if not store.read_only:
        yield from _check_writing(conn, table, where)


def _check_writing(conn: psycopg.Connection, table: Table, where: str) -> Iterator[CheckMessage]:
    place = table.relation.target.as_string(conn)
    writable, wanted = _columns(conn, place, "UPDATE"), written_there(table)
    if missing := wanted - writable:
        hint = _grant(conn, table, "UPDATE", missing)
        yield Error(f"{where}: the engine's role may not update {_names(missing)}.", hint=hint, id="recon.E017")
    if facts := writable - wanted:
        yield Warning(
            f"{where}: the engine's role may update {_names(facts)}, which others own.",
            hint="Revoke UPDATE and grant it on the DERIVED columns alone.",
            id="recon.W017",
        )
    yield from _check_rows(conn, table, where)
    yield from check_rows_written(conn, table, where)


def _check_rows(conn: psycopg.Connection, table: Table, where: str) -> Iterator[CheckMessage]:
    place, needed = table.relation.target.as_string(conn), row_privileges(table)
    for privilege in ("INSERT", "DELETE", "TRUNCATE"):
        may, wants = _may(conn, place, privilege), privilege in needed
        if wants and not may:
            hint = _grant(conn, table, privilege)
            yield Error(f"{where}: the engine's role lacks {privilege}.", hint=hint, id="recon.E018")
        if may and not wants:
            revoke = f"REVOKE {privilege} ON {'.'.join(table.relation.place)}."
            yield Warning(f"{where}: the engine's role has {privilege}, unneeded.", hint=revoke, id="recon.W018")
    if table.ours and not _one(conn, "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", place):
        policy = "Enable row level security with the policies of recon/sandbox/schema/cf_prod.grants.sql."
        yield Warning(f"{where}: the engine's role may write rows of other owners.", hint=policy, id="recon.W019")


def _check_role(conn: psycopg.Connection, store: PostgresStore) -> Iterator[CheckMessage]:
    if _one(conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        hint = "Give the engine a role of its own: a superuser is held back by no grant."
        yield Warning(f"{store.name}: the engine's role is a superuser.", hint=hint, id="recon.W020")
    if not _one(conn, "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"):
        hint = "GRANT EXECUTE ON FUNCTION pg_control_system() to it: recovery must know the server that it asks."
        yield Error(f"{store.name}: the engine's role may not ask who the server is.", hint=hint, id="recon.E020")


def _check_stripe_key(key: str, livemode: bool) -> Iterator[CheckMessage]:
    if not key:
        yield Error("No Stripe key is set.", hint="Set STRIPE_API_KEY to a restricted key.", id="recon.E030")
        return
    kind, _, rest = key.partition("_")
    mode = rest.split("_", 1)[0]
    if kind not in {"sk", "rk"} or mode not in {"live", "test"}:
        hint = "A secret or restricted key begins with sk_live_, rk_live_, sk_test_ or rk_test_."
        yield Error("STRIPE_API_KEY is no secret or restricted key.", hint=hint, id="recon.E031")
    elif (mode == "live") != livemode:
        hint = f"Set STRIPE_LIVEMODE={'true' if mode == 'live' else 'false'}, or use the key of the other mode."
        yield Error(f"STRIPE_API_KEY is of {mode} mode, STRIPE_LIVEMODE says otherwise.", hint=hint, id="recon.E032")
    if livemode and settings.STRIPE_API_BASE:
        hint = "Unset STRIPE_API_BASE: a live key is for Stripe alone."
        yield Error("A live key would be sent to another address than Stripe's.", hint=hint, id="recon.E033")


def _check_secrets() -> Iterator[CheckMessage]:
    if settings.EMBEDDED:
        hint = "Set DATABASE_URL and the other variables that the README lists; unset RECON_SANDBOX."
        yield Error("The embedded sandbox is in force: made-up stores and passwords.", hint=hint, id="recon.E040")
    if settings.DEBUG:
        yield Error("DEBUG is on: error pages would show settings.", hint="Unset DEBUG.", id="recon.E041")
    if settings.DEFAULT_SECRET_KEY in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        hint = "Set SECRET_KEY to 50 or more random characters, and keep the default out of SECRET_KEY_FALLBACKS."
        yield Error("SECRET_KEY is the default that everybody knows.", hint=hint, id="recon.E042")
    webhook_secrets = settings.STRIPE_WEBHOOK_SECRETS
    if not webhook_secrets or not all(secret.startswith("whsec_") for secret in webhook_secrets):
        hint = "Set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret (whsec_...), two of them while it changes."
        yield Error("No secret to verify Stripe's webhooks with.", hint=hint, id="recon.E043")
    yield from _check_store_secrets(settings.STORE_EVENT_SECRETS)
    if not all(len(secret) >= SECRET_LENGTH for secret in settings.EVENT_FEED_SECRETS):
        hint = "Set EVENT_FEED_SECRETS to secrets of 32 or more random characters, by commas."
        yield Error("EVENT_FEED_SECRETS: a secret can be guessed.", hint=hint, id="recon.E051")
    if "*" in settings.ALLOWED_HOSTS or set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        hint = "Set ALLOWED_HOSTS to the names under which the inspector is reached."
        yield Error("ALLOWED_HOSTS names no real host, or every host.", hint=hint, id="recon.E044")


def _check_store_secrets(of_stores: object) -> Iterator[CheckMessage]:
    """What the stores' owners prove themselves by; none at all is fine."""
    hint = 'Set STORE_EVENT_SECRETS to JSON as {"billing_prod": ["..."]}, each of 32 or more random characters.'
    known = {store.name.value for store in DATABASE_STORES}
    if not isinstance(of_stores, dict) or not set(of_stores) <= known:
        yield Error("STORE_EVENT_SECRETS does not name secrets by store.", hint=hint, id="recon.E047")
        return
    for store, its in of_stores.items():
        if not isinstance(its, list) or not all(isinstance(one, str) and len(one) >= SECRET_LENGTH for one in its):
            yield Error(f"STORE_EVENT_SECRETS: a secret of {store} can be guessed.", hint=hint, id="recon.E048")


def _check_transport() -> Iterator[CheckMessage]:
    urls = {"DATABASE_URL": settings.DATABASE_URL, **{f"{k.upper()}_URL": url for k, url in settings.STORES.items()}}
    urls |= {f"{k.upper()}_REPLICA_URL": url for k, url in settings.STORE_REPLICAS.items() if url}
    for variable, url in urls.items():
        parts = urlsplit(url)
        mode = parse_qs(parts.query).get("sslmode", [""])[0]
        if parts.hostname not in LOCAL_HOSTS and mode not in VERIFIED_TLS:
            hint = "Add ?sslmode=verify-full&sslrootcert=... to it."
            yield Warning(f"{variable}: the server's identity is not verified.", hint=hint, id="recon.W045")
    broker = urlsplit(settings.REDIS_URL)
    if broker.hostname not in LOCAL_HOSTS and broker.scheme != "rediss":
        yield Warning("REDIS_URL: the connection is not encrypted.", hint="Use rediss://.", id="recon.W046")


def _check_logins() -> Iterator[CheckMessage]:
    if not settings.OIDC_ISSUER:
        if not settings.LOCAL_LOGINS:
            hint = "Set OIDC_ISSUER, or LOCAL_LOGINS=true."
            yield Error("Nobody can log in: no provider, and no logins of our own.", hint=hint, id="recon.E055")
        return
    if not settings.OIDC_ISSUER.startswith("https://"):
        hint = "Set OIDC_ISSUER to the provider's https:// address, as its discovery document spells it."
        yield Error("OIDC_ISSUER: who it really is cannot be known.", hint=hint, id="recon.E056")
    if not settings.OIDC_CLIENT_ID or not settings.OIDC_CLIENT_SECRET:
        hint = "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET to what the provider gave this installation."
        yield Error("The OpenID provider is named, but not who we are to it.", hint=hint, id="recon.E049")
    groups = settings.OIDC_GROUP_MAP
    if not isinstance(groups, dict) or not groups or not set(groups.values()) <= set(ROLES):
        hint = f'Set OIDC_GROUP_MAP to {{"a group of the provider": "a role"}}; roles are {", ".join(ROLES)}.'
        yield Error("OIDC_GROUP_MAP gives nobody a role, or one that there is not.", hint=hint, id="recon.E050")


def _columns(conn: psycopg.Connection, table: str, privilege: str = "") -> frozenset[str]:
    """The table's columns, or those on which the role has `privilege`; none when there is no such table."""
    query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    if privilege:
        query += " AND has_column_privilege(attrelid, attnum, %s)"
    rows = conn.execute(query.encode(), [table, privilege] if privilege else [table])
    return frozenset(name for (name,) in rows)


def _grant(conn: psycopg.Connection, table: Table, privilege: LiteralString, columns: Iterable[str] = ()) -> str:
    """What the table's owner has to say."""
    named = (
        sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, sorted(columns)))) if columns else sql.SQL("")
    )
    told = sql.SQL("GRANT {}{} ON {} TO {}.").format(
        sql.SQL(privilege), named, table.relation.target, sql.Identifier(conn.info.user)
    )
    return f"As the table's owner: {told.as_string(conn)}"


def _may(conn: psycopg.Connection, table: str, privilege: str) -> bool:
    return bool(_one(conn, "SELECT has_table_privilege(%s::regclass, %s)", table, privilege))


def _one(conn: psycopg.Connection, query: str, *values: str) -> Any:
    row = conn.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def _names(columns: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(columns))


def _first_line(error: Exception) -> str:
    """The server's answer without the rest of its lines: hints about files on our side help nobody."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
