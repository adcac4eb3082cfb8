"""`check --database default` and `check --deploy` name what is wrong, on real servers and with real grants."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.checks import CheckMessage
from psycopg import sql

from recon import checks
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import STORES
from tests.support.stores import Connect

ON = ["default"]


def ids(messages: list[CheckMessage]) -> list[str]:
    return sorted(message.id or "" for message in messages)


@pytest.fixture
def altered(owner: Connect) -> Iterator[Callable[[str, str, str], None]]:
    """Runs a statement as a store's owner and, when the test is over, the one that undoes it."""
    undo: list[tuple[str, str]] = []

    def alter(store: str, statement: str, back: str) -> None:
        undo.append((store, back))
        owner(store).execute(statement.encode())

    yield alter
    for store, back in reversed(undo):
        owner(store).execute(back.encode())


@pytest.fixture
def production(settings) -> None:
    settings.EMBEDDED = False
    settings.DEBUG = False
    settings.SECRET_KEY = "x" * 60
    settings.ALLOWED_HOSTS = ["inspector.example.com"]
    settings.STRIPE_WEBHOOK_SECRETS = ("whsec_1",)
    settings.DATABASE_URL = "postgres://recon@db.example.com/recon?sslmode=verify-full"
    settings.STORES = {store: f"postgres://engine@db.example.com/{store}?sslmode=verify-full" for store in STORES}
    settings.REDIS_URL = "rediss://:secret@redis.example.com/0"


def test_the_sandbox_has_nothing_to_complain_of() -> None:
    assert checks.check_stores(None, ON) == []
    assert checks.check_stripe(None, ON) == []
    assert checks.check_broker(None, ON) == []


def test_nothing_outside_is_visited_unless_a_database_is_named(settings) -> None:
    settings.STORES = dict.fromkeys(STORES, "")
    assert checks.check_stores(None, None) == []


@pytest.mark.parametrize("store", STORES)
def test_a_store_without_a_url_names_the_variable(settings, store: str) -> None:
    settings.STORES = {**settings.STORES, store: ""}
    (message,) = checks.check_stores(None, ON)
    assert (message.id, message.hint) == (
        "recon.E010",
        f"Set {store.upper()}_URL to postgres://role:password@host:port/database.",
    )


def test_a_store_that_is_down_is_named_without_its_password(settings) -> None:
    settings.STORES = {**settings.STORES, "cf_prod": "postgres://engine:s3cret@127.0.0.1:1/cf_prod"}
    (message,) = checks.check_stores(None, ON)
    assert message.id == "recon.E011"
    assert message.msg.startswith("cf_prod: cannot be reached:")
    assert "s3cret" not in f"{message.msg}{message.hint}"


def test_a_wrong_password_is_named(settings, sandbox: Sandbox) -> None:
    url = sandbox.env()["CF_PROD_URL"]
    settings.STORES = {**settings.STORES, "cf_prod": url.replace("recon_engine_cf_prod:", "recon_engine_cf_prod:no")}
    (message,) = checks.check_stores(None, ON)
    assert message.id == "recon.E011"
    assert "password authentication failed" in message.msg


def test_a_missing_update_privilege_names_table_and_columns(altered) -> None:
    altered(
        "subs_account",
        "REVOKE UPDATE (plan_code) ON accounts FROM recon_engine_subs_account",
        "GRANT UPDATE (plan_code) ON accounts TO recon_engine_subs_account",
    )
    (message,) = checks.check_stores(None, ON)
    assert (message.id, message.msg) == (
        "recon.E017",
        "subs_account.accounts: the engine's role may not update plan_code.",
    )


def test_a_role_that_may_update_a_fact_is_warned_of(altered) -> None:
    altered(
        "billing_prod",
        "GRANT UPDATE (total_minor) ON invoices TO recon_engine_billing_prod",
        "REVOKE UPDATE (total_minor) ON invoices FROM recon_engine_billing_prod",
    )
    (message,) = checks.check_stores(None, ON)
    assert message.id == "recon.W017"
    assert message.msg == "billing_prod.invoices: the engine's role may update total_minor, which others own."


@pytest.mark.parametrize(
    ("revoke", "grant", "expected"),
    [
        ("REVOKE SELECT ON blocks FROM {}", "GRANT SELECT ON blocks TO {}", "recon.E016"),
        ("REVOKE DELETE ON blocks FROM {}", "GRANT DELETE ON blocks TO {}", "recon.E018"),
        ("REVOKE INSERT ON entitlements FROM {}", "GRANT INSERT ON entitlements TO {}", "recon.E018"),
        ("GRANT DELETE ON entitlements TO {}", "REVOKE DELETE ON entitlements FROM {}", "recon.W018"),
    ],
)
def test_each_privilege_that_is_missing_or_too_much_is_told(altered, revoke: str, grant: str, expected: str) -> None:
    role = "recon_engine_cf_prod"
    altered("cf_prod", revoke.format(role), grant.format(role))
    assert ids(checks.check_stores(None, ON)) == [expected]


def test_blocks_without_row_security_are_warned_of(altered) -> None:
    altered("cf_prod", "ALTER TABLE blocks DISABLE ROW LEVEL SECURITY", "ALTER TABLE blocks ENABLE ROW LEVEL SECURITY")
    assert ids(checks.check_stores(None, ON)) == ["recon.W019"]


@pytest.mark.parametrize(
    ("policy", "command", "rows"),
    [
        ("engine_adds", "INSERT", "WITH CHECK (reason = 'billing_debt')"),
        ("engine_changes", "UPDATE", "USING (reason = 'billing_debt')"),
        ("engine_lifts", "DELETE", "USING (reason = 'billing_debt')"),
    ],
)
def test_rows_that_row_security_lets_nobody_write_are_told(altered, policy: str, command: str, rows: str) -> None:
    back = f"CREATE POLICY {policy} ON blocks FOR {command} TO recon_engine_cf_prod {rows}"
    altered("cf_prod", f"DROP POLICY {policy} ON blocks", back)
    (message,) = checks.check_stores(None, ON)
    told = f"cf_prod.blocks: row level security lets the engine's role {command} no row."
    assert (message.id, message.msg) == ("recon.E019", told)


def test_a_role_that_may_only_read_is_told(settings, sandbox: Sandbox) -> None:
    url = sandbox.env()["CF_PROD_URL"] + "?options=-c%20default_transaction_read_only%3Don"
    settings.STORES = {**settings.STORES, "cf_prod": url}
    (message,) = checks.check_stores(None, ON)
    assert (message.id, "name its primary" in str(message.hint)) == ("recon.E021", True)


@pytest.mark.parametrize(
    ("change", "back", "expected"),
    [
        ("ALTER TABLE intents RENAME TO intent", "ALTER TABLE intent RENAME TO intents", "recon.E014"),
        ("ALTER TABLE dunning RENAME state TO debt", "ALTER TABLE dunning RENAME debt TO state", "recon.E015"),
    ],
)
def test_a_schema_that_is_not_the_contracts_is_told(altered, change: str, back: str, expected: str) -> None:
    altered("subs_dunning", change, back)
    assert ids(checks.check_stores(None, ON)) == [expected]


def test_a_superuser_as_the_engines_role_is_warned_of(settings, sandbox: Sandbox) -> None:
    url = sandbox.env()["SANDBOX_ADMIN_URL"].rsplit("/", 1)[0]
    settings.STORES = {**settings.STORES, "subs_account": f"{url}/subs_account"}
    assert "recon.W020" in ids(checks.check_stores(None, ON))


def test_a_server_whose_prepared_transactions_are_off_is_told(settings, tmp_path: Path) -> None:
    box = Sandbox(tmp_path / "off", durable=False)
    try:
        box.ensure_started(twin=False)
        with psycopg.connect(box.env()["SANDBOX_ADMIN_URL"], autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET max_prepared_transactions = 0")
        box.stop()
        box.ensure_started(twin=False)
        settings.STORES = {**settings.STORES, "cf_prod": box.env()["CF_PROD_URL"]}
        (message,) = checks.check_stores(None, ON)
    finally:
        box.destroy()
    assert (message.id, message.msg) == ("recon.E012", "cf_prod: prepared transactions are off.")


def test_the_check_leaves_no_prepared_transaction(sandbox: Sandbox) -> None:
    checks.check_stores(None, ON)
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"]) as conn:
        assert conn.execute(sql.SQL("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'recon-check%'")).fetchall() == []


@pytest.mark.parametrize(
    ("key", "livemode", "expected"),
    [
        ("", False, ["recon.E030"]),
        ("pk_test_1", False, ["recon.E031"]),
        ("sk_live_1", False, ["recon.E032"]),
        ("rk_test_1", True, ["recon.E032"]),
        ("rk_test_1", False, []),
        ("rk_live_1", True, []),
    ],
)
def test_a_stripe_key_of_the_wrong_kind_or_mode_is_told(
    settings, key: str, livemode: bool, expected: list[str]
) -> None:
    settings.STRIPE_API_KEY, settings.STRIPE_LIVEMODE, settings.STRIPE_API_BASE = key, livemode, ""
    assert ids(checks.check_stripe(None, ON)) == expected


def test_a_live_key_goes_nowhere_but_to_stripe(settings) -> None:
    settings.STRIPE_API_KEY, settings.STRIPE_LIVEMODE = "sk_live_1", True
    assert ids(checks.check_stripe(None, ON)) == ["recon.E033"]


def test_a_broker_that_is_down_is_told(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert ids(checks.check_broker(None, ON)) == ["recon.E002"]


def test_production_settings_pass(production: None) -> None:
    assert checks.check_production(None) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("EMBEDDED", True, "recon.E040"),
        ("DEBUG", True, "recon.E041"),
        ("SECRET_KEY", "insecure-default-key-that-check-deploy-refuses", "recon.E042"),
        ("STRIPE_WEBHOOK_SECRETS", (), "recon.E043"),
        ("STRIPE_WEBHOOK_SECRETS", ("whsec_1", "guess"), "recon.E043"),
        ("STORE_EVENT_SECRETS", {"stripe": []}, "recon.E047"),
        ("STORE_EVENT_SECRETS", {"cf_prod": ["short"]}, "recon.E048"),
        ("ALLOWED_HOSTS", ["*"], "recon.E044"),
        ("ALLOWED_HOSTS", ["localhost"], "recon.E044"),
        ("DATABASE_URL", "postgres://recon@db.example.com/recon?sslmode=require", "recon.W045"),
        ("REDIS_URL", "redis://redis.example.com/0", "recon.W046"),
    ],
)
def test_each_unsafe_production_setting_is_told(
    production: None, settings, name: str, value: object, expected: str
) -> None:
    setattr(settings, name, value)
    assert ids(checks.check_production(None)) == [expected]


@pytest.fixture
def openid(production: None, settings) -> None:
    settings.OIDC_ISSUER = "https://id.example.com"
    settings.OIDC_CLIENT_ID = settings.OIDC_CLIENT_SECRET = "x"
    settings.OIDC_GROUP_MAP = {"billing": "finance"}


def test_a_login_by_a_provider_passes(openid: None, settings) -> None:
    settings.LOCAL_LOGINS = False
    assert checks.check_production(None) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OIDC_ISSUER", "http://id.example.com", "recon.E056"),
        ("OIDC_CLIENT_ID", "", "recon.E049"),
        ("OIDC_CLIENT_SECRET", "", "recon.E049"),
        ("OIDC_GROUP_MAP", {}, "recon.E050"),
        ("OIDC_GROUP_MAP", {"billing": "root"}, "recon.E050"),
        ("OIDC_GROUP_MAP", ["finance"], "recon.E050"),
    ],
)
def test_each_wrong_setting_of_a_provider_is_told(
    openid: None, settings, name: str, value: object, expected: str
) -> None:
    setattr(settings, name, value)
    assert ids(checks.check_production(None)) == [expected]


def test_an_installation_that_nobody_can_enter_is_told(production: None, settings) -> None:
    settings.LOCAL_LOGINS = False
    assert ids(checks.check_production(None)) == ["recon.E055"]
