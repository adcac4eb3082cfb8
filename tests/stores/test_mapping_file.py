"""The file of the store mapping: everything that is wrong with it is said at once, with the place and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recon import checks
from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.mapping_checks import check_mapping, refuse_wrong_mapping
from recon.stores.base import RowWrite
from recon.stores.mapping import MappedStore, MappingError, read_mapping
from recon.stores.two_phase import statement_of
from tests.stores.conftest import SECOND

STORES = {kind.name: kind.tables for kind in DATABASE_STORES}
WHOLE = (SECOND / "mapping.toml").read_text()
ON = ["default"]
LACKS = "plan_active = { absent = true }"


@pytest.fixture
def problems(tmp_path: Path) -> Callable[..., list[str]]:
    """What is wrong with a part of the whole file in which one text stands for another: place and sentence."""

    def of(old: str, new: str) -> list[str]:
        path = tmp_path / "stores.toml"
        assert old in WHOLE
        path.write_text(WHOLE.replace(old, new, 1))
        with pytest.raises(MappingError) as refused:
            read_mapping(path, STORES)
        assert all(one.startswith(f"{path}: ") for one in refused.value.problems)
        return [one.removeprefix(f"{path}: ") for one in refused.value.problems]

    return of


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("[subs_dunning.intents]", "[subs_dunning.people]", "subs_dunning", "no table 'people'"),
        ("[cf_prod.blocks]", "[cf_prod2.blocks]", "top", "no store 'cf_prod2'"),
        ('acct"\nstripe', 'acct"\nstripes', "subs_customer.customers.columns", "no column 'stripes_customer_id'"),
        ('email = "mail"\n', "", "subs_customer.customers.columns", "email is left out"),
        ('relation = "crm.person"', 'relation = "person"', "subs_customer.customers.relation", '"schema.table"'),
        ('relation = "fin.mark"', 'relation = "fin.bill"', "billing_prod.account_flags", "is that of invoices too"),
        ('email = "mail"', 'email = "called"', "subs_customer.customers", "email and name both are"),
        ("Y = true", "J = true, Y = true", "subs_customer.customers.columns.has_payment_method.values", "which"),
        ('2 = "closed"', '2 = "shut"', "subs_account.accounts.columns.status.values.2", "never 'shut'"),
        (', OFF = "written_off"', "", "subs_account.accounts.columns.payment_status.values", "may write written_off"),
        ('"oldest", form = "utc"', '"oldest", form = "epoch_seconds"', "", "whole seconds cannot hold"),
        (
            'closed on", form = "utc"',
            'closed on", form = "local"',
            "subs_account.accounts.columns.closed_at",
            "'local'",
        ),
        ('invoice_id = "no"', "invoice_id = { absent = true }", "", "rows are found by this column"),
        ('account_id = "No"', "account_id = 5", "subs_account.accounts.columns.account_id", "a table of settings"),
        ('tenant = "eu"', 'tenant = ["eu"]', "subs_account.accounts.filter.tenant", "give one text"),
        ('email = "mail"', 'email = { constant = "5%" }', "subs_customer.customers.columns.email", "cannot have a %"),
        ('"No"', '{ column = "No", constant = "x" }', "subs_account.accounts.columns.account_id", "give a column"),
        ('"crm.person"', """'"crm"."person"'""", "subs_customer.customers.relation", "without its quotes"),
        ('"called"', """'"called"'""", "subs_customer.customers.columns.name", "without its quotes"),
        ('"called"', '"cal%led"', "subs_customer.customers.columns.name", "without %"),
    ],
)
def test_a_mistake_is_named_with_its_place(problems, old, new, place, words):
    assert [one for one in problems(old, new) if one.startswith(place) and words in one]


def test_all_mistakes_are_said_at_once(tmp_path, settings):
    path = settings.STORE_MAPPING = tmp_path / "stores.toml"
    path.write_text('[subs_account.accounts]\nrelation = "accounts"\ncolumns = { status = { constant = "?" } }')
    told = [message.msg.removeprefix(f"{path}: subs_account.accounts") for message in check_mapping()]
    assert len(told) == 8
    assert '.relation: the relation is needed, with its schema: "schema.table"' in told
    assert ".columns.status: status is never '?'; it is one of open, closed" in told
    assert checks.check_stores(None, ON) == []
    with pytest.raises(SystemExit, match="the relation is needed"):
        refuse_wrong_mapping()


@pytest.mark.parametrize(("text", "words"), [("a = = b", "is not TOML"), (None, "cannot be read")])
def test_a_file_that_is_none_is_said_to_be_none(tmp_path, text, words):
    path = tmp_path / "stores.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(MappingError, match=words):
        read_mapping(path, STORES)


def test_names_reach_a_statement_quoted_and_no_other_way(tmp_path):
    evil = 'x"; DROP TABLE accounts; --'
    path = tmp_path / "stores.toml"
    path.write_text(WHOLE.replace('"sub_ref"', f"'{evil}'").replace("Customer Account", evil.replace('"', '\\"')))
    (accounts,) = (
        one for store in read_mapping(path, STORES).values() for one in store.relations if one.table == "accounts"
    )
    write = RowWrite("accounts", (("account_id", "a"),), (), (("primary_subscription_id", "s"),), 0)
    quoted = '"x""; DROP TABLE accounts; --"'
    assert statement_of(write, accounts)[0].as_string() == (
        f'UPDATE "crm".{quoted} SET {quoted} = %s, "lock_no" = coalesce("lock_no", 0) + 1, "modified" = now()'
        """ WHERE "No" = %s AND coalesce("lock_no", 0) = %s AND "tenant" = 'eu'"""
    )


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("[cf_prod]\napply = false", {StoreName.CF_PROD: MappedStore(apply=False)}),
        ("[cf_prod]\napply = true", {StoreName.CF_PROD: MappedStore()}),
    ],
)
def test_a_store_may_be_left_at_reading_whatever_its_schema(tmp_path, told, read):
    path = tmp_path / "stores.toml"
    path.write_text(told)
    assert read_mapping(path, STORES) == read


def test_whether_a_store_is_written_to_is_yes_or_no(problems):
    (told,) = problems("[subs_account.accounts]", '[subs_account]\napply = "no"\n[subs_account.accounts]')
    assert told == "subs_account.apply: say true, or false where the store is never to be written to"


def test_a_store_that_is_only_read_needs_no_privilege_to_write(second_schema, settings, owner, tmp_path):
    path = settings.STORE_MAPPING = tmp_path / "stores.toml"
    path.write_text((SECOND / "mapping.toml").read_text() + "\n[billing_prod]\napply = false\n")
    owner("billing_prod").execute("REVOKE UPDATE, INSERT ON fin.mark FROM recon_engine_billing_prod")
    try:
        assert checks.check_stores(None, ON) == []
    finally:
        owner("billing_prod").execute("GRANT INSERT, UPDATE (owes, lost, v) ON fin.mark TO recon_engine_billing_prod")


def test_a_mapping_that_fits_the_catalogue_has_nothing_to_complain_of(second_schema, settings):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    assert [*check_mapping(), *checks.check_stores(None, ON)] == []


@pytest.mark.parametrize(
    ("store", "statement", "back", "expected"),
    [
        (
            "billing_prod",
            "ALTER TABLE fin.bill ALTER cents TYPE numeric",
            "ALTER TABLE fin.bill ALTER cents TYPE int",
            "E062",
        ),
        (
            "subs_account",
            "ALTER TYPE crm.standing RENAME VALUE 'OFF' TO 'GONE'",
            "ALTER TYPE crm.standing RENAME VALUE 'GONE' TO 'OFF'",
            "E063",
        ),
        (
            "subs_account",
            "REVOKE USAGE ON SCHEMA crm FROM recon_engine_subs_account",
            "GRANT USAGE ON SCHEMA crm TO recon_engine_subs_account",
            "E061",
        ),
        (
            "subs_dunning",
            "ALTER TABLE collections.decision RENAME why TO reason",
            "ALTER TABLE collections.decision RENAME reason TO why",
            "E015",
        ),
        (
            "subs_dunning",
            "ALTER TABLE collections.decision RENAME TO decided",
            "ALTER TABLE collections.decided RENAME TO decision",
            "E014",
        ),
        (
            "billing_prod",
            "REVOKE UPDATE (owes) ON fin.mark FROM recon_engine_billing_prod",
            "GRANT UPDATE (owes) ON fin.mark TO recon_engine_billing_prod",
            "E017",
        ),
        (
            "subs_customer",
            "ALTER TABLE crm.person DROP CONSTRAINT person_pkey",
            "ALTER TABLE crm.person ADD CONSTRAINT person_pkey PRIMARY KEY (acct)",
            "W066",
        ),
        (
            "subs_customer",
            "ALTER TABLE crm.person ALTER absorbed_by TYPE char(9)",
            "ALTER TABLE crm.person ALTER absorbed_by TYPE text",
            "W064",
        ),
        (
            "subs_account",
            'ALTER TABLE crm."Customer Account" ALTER tenant TYPE int USING 7',
            'ALTER TABLE crm."Customer Account" ALTER tenant TYPE text',
            "E068",
        ),
        (
            "billing_prod",
            "ALTER TABLE fin.mark ALTER owes TYPE varchar(2)",
            "ALTER TABLE fin.mark ALTER owes TYPE text",
            "E069",
        ),
        (
            "billing_prod",
            "ALTER TABLE fin.mark ADD entity int NOT NULL",
            "ALTER TABLE fin.mark DROP entity",
            "E069",
        ),
        (
            "subs_account",
            'ALTER TABLE crm."Customer Account" ALTER sub_ref SET NOT NULL',
            'ALTER TABLE crm."Customer Account" ALTER sub_ref DROP NOT NULL',
            "E069",
        ),
        (
            "cf_prod",
            "ALTER TABLE access.hold ALTER since TYPE timestamp(3)",
            "ALTER TABLE access.hold ALTER since TYPE timestamp(6)",
            "W071",
        ),
        (
            "billing_prod",
            "ALTER TABLE fin.bill ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE fin.bill DISABLE ROW LEVEL SECURITY",
            "W067",
        ),
    ],
)
def test_what_the_catalogue_says_otherwise_is_told(second_schema, settings, owner, store, statement, back, expected):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    owner(store).execute(statement)
    try:
        assert [message.id for message in checks.check_stores(None, ON)] == [f"recon.{expected}"]
    finally:
        owner(store).execute(back)


def test_what_a_type_can_hold_and_nobody_translates_is_told(second_schema, settings, tmp_path):
    path = settings.STORE_MAPPING = tmp_path / "stores.toml"
    path.write_text(WHOLE.replace('true = "stripe", false', "false"))
    (message,) = checks.check_stores(None, ON)
    assert (message.id, "'true' of its column by_stripe" in message.msg) == ("recon.W070", True)


def test_a_column_that_a_company_lacks_is_told_once(second_schema, settings, tmp_path):
    path = settings.STORE_MAPPING = tmp_path / "stores.toml"
    path.write_text(WHOLE.replace('plan_active = { column = "active", values = { on = true, off = false } }', LACKS))
    assert [(one.id, one.msg) for one in checks.check_stores(None, ON) if one.id != "recon.W017"] == [
        ("recon.W065", "cf_prod.entitlements: has no plan_active.")
    ]


@pytest.mark.parametrize(
    ("store", "statement", "back"),
    [
        (
            "subs_customer",
            "ALTER TABLE crm.person ALTER absorbed_by TYPE char(9);"
            "CREATE INDEX of_text ON crm.person ((absorbed_by::text))",
            "DROP INDEX crm.of_text; ALTER TABLE crm.person ALTER absorbed_by TYPE text",
        ),
        (
            "subs_customer",
            "CREATE DOMAIN crm.word AS text; CREATE DOMAIN crm.short AS crm.word CHECK (length(VALUE) < 80);"
            "ALTER TABLE crm.person ALTER called TYPE crm.short",
            "ALTER TABLE crm.person ALTER called TYPE text; DROP DOMAIN crm.short; DROP DOMAIN crm.word",
        ),
        (
            "subs_customer",
            "ALTER TABLE crm.person RENAME TO people; CREATE VIEW crm.person AS SELECT * FROM crm.people;"
            'GRANT SELECT, UPDATE ("pays?", late, never_paid, changed_at) ON crm.person TO recon_engine_subs_customer',
            "DROP VIEW crm.person; ALTER TABLE crm.people RENAME TO person",
        ),
    ],
)
def test_what_a_company_may_have_is_not_complained_of(second_schema, settings, owner, store, statement, back):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    owner(store).execute(statement)
    try:
        assert [f"{message.msg} {message.hint}" for message in checks.check_stores(None, ON)] == []
    finally:
        owner(store).execute(back)


def test_what_the_role_lacks_is_granted_by_what_is_said(second_schema, settings, owner):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    owner("billing_prod").execute("REVOKE UPDATE (owes), INSERT ON fin.mark FROM recon_engine_billing_prod")
    told = [message.hint.removeprefix("As the table's owner: ") for message in checks.check_stores(None, ON)]
    for statement in told:
        owner("billing_prod").execute(statement.removesuffix("."))
    assert (len(told), checks.check_stores(None, ON)) == (2, [])
