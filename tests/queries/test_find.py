"""Who is meant by what a person typed: exact handles first, then what is alike, bounded and by indexes."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recon.models import AccountHandles, StripeObject
from recon.queries import find_names
from recon.queries.find import EXACT, MOST_OF_ONE, Exact, Found, StripeOnly, find
from recon.queries.find_names import BEGINS, CANDIDATES, HOLDS, MOST, SAMPLE, SURVIVED, Likeness
from recon.queries.handles import LONGEST, fold, grams_of
from recon.queries.spelling import is_one_slip_from, survivors
from recon.queries.terms import MOST_TERMS, terms_of
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db


def keep(account_id: str, email: str | None = None, name: str | None = None, suffix: str = "1") -> str:
    """An account of its own: every other id ends in the suffix."""
    case = json.loads(json.dumps(golden("drift/flagged_but_paid")).replace('_1"', f'_{suffix}"'))
    case["account_id"] = account_id
    text = json.dumps(case["stores"]).replace(f'"acc_{suffix}"', f'"{account_id}"')
    case["stores"] = json.loads(text)
    case["stores"]["subs_customer"]["customers"][0] |= {"email": email, "name": name}
    return keep_case(case)


@pytest.fixture
def people() -> None:
    keep("acc_zoe", "zoe.mueller@example.com", "Zoë Müller", "a")
    keep("acc_john", "john.smith@example.com", "John Smith", "b")
    keep("acc_joan", "joan@example.org", "Joan Smithson", "c")


def accounts(text: str) -> list[str]:
    return [hit.account_id for hit in find(text).hits]


def ways(found: Found) -> dict[str, list[object]]:
    return {hit.account_id: [match.by for match in hit.matches] for hit in found.hits}


def test_terms_are_parted_as_people_paste_them():
    assert terms_of(" acc_1, acc_2;acc_3\n\nacc_1\tacc_4 ").wanted == ("acc_1", "acc_2", "acc_3", "acc_4")
    assert terms_of("Zoë  Müller, John Smith").wanted == ("Zoë Müller", "John Smith")
    assert terms_of("acc_1 cus_2 zoe@example.com 10023").wanted == ("acc_1", "cus_2", "zoe@example.com", "10023")
    assert terms_of('"acc_1" (acc_2) Zoë M <zoe@example.com>').wanted == ("zoe@example.com",)
    assert terms_of("['acc_1', 'acc_2']").wanted == ("acc_1", "acc_2")
    assert terms_of("https://dashboard.stripe.com/test/customers/cus_9?tab=all").wanted == ("cus_9",)


def test_terms_beyond_the_most_are_counted_and_long_ones_set_apart():
    terms = terms_of(",".join(f"acc_{number}" for number in range(5_000)))
    assert (len(terms.wanted), terms.left_out) == (MOST_TERMS, 5_000 - MOST_TERMS)
    assert terms_of("x" * (LONGEST + 1)).too_long == ("x" * (LONGEST + 1),)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("  Zoë  MÜLLER\t", "zoe muller"), ("Łódź Straße", "lodz strasse"), ("ﬁ\x00\ud800", "fi"), ("Ｆｕｌｌ", "full")],
)
def test_folding_drops_case_accents_and_spaces(text: str, folded: str):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("term", "by"),
    [
        ("acc_zoe", Exact.ACCOUNT),
        ("ACC_ZOE", Exact.ACCOUNT),
        ("cus_a", Exact.STRIPE_CUSTOMER),
        ("sub_a", Exact.SUBSCRIPTION),
        ("in_a", Exact.STRIPE_INVOICE),
        ("pi_a", Exact.PAYMENT_INTENT),
        ("ch_a", Exact.CHARGE),
        ("inv_a", Exact.LEDGER_INVOICE),
        ("pay_a", Exact.LEDGER_PAYMENT),
        ("Zoe.Mueller@Example.com", Exact.EMAIL),
        ("zoe.mue", Likeness.EMAIL_BEGINS),
        ("ZOE MUL", Likeness.NAME_BEGINS),
        ("müller", Likeness.HOLDS),
        ("muller zoe", Likeness.HOLDS),
        ("zoe mulelr", Likeness.ONE_SLIP),
    ],
)
def test_every_kind_of_handle_leads_to_its_account(people: None, term: str, by: object):
    assert ways(find(term)) == {"acc_zoe": [by]}


def test_several_terms_at_once_and_what_was_missed(people: None):
    found = find("acc_zoe, in_b\nin_zzz, zoe.mueller@example.com")
    assert ways(found) == {"acc_zoe": [Exact.ACCOUNT, Exact.EMAIL], "acc_john": [Exact.STRIPE_INVOICE]}
    assert [missed.term for missed in found.missed] == ["in_zzz"]


def test_a_hit_says_who_it_is_and_how_they_stand(people: None):
    [hit] = find("in_b").hits
    assert (hit.name, hit.email, hit.is_known, hit.state) == ("John Smith", "john.smith@example.com", True, "clear")


def test_a_name_that_holds_it_is_found_beside_one_that_begins_with_it(people: None):
    keep("acc_smith", "office@smith.example", "Smith Ltd", "d")
    assert ways(find("smith")) == {
        "acc_smith": [Likeness.NAME_BEGINS],
        "acc_joan": [Likeness.HOLDS],
        "acc_john": [Likeness.HOLDS],
    }


def test_a_shared_customer_leads_to_both_accounts(people: None):
    keep("acc_twin", "twin@example.com", "Twin", "a")
    assert accounts("cus_a") == ["acc_twin", "acc_zoe"]


def test_an_account_is_meant_by_its_own_id_before_any_other(people: None):
    case = golden("drift/flagged_but_paid")
    row = case["stores"]["subs_customer"]["customers"][0]
    for merged in ("acc_zoe", "acc_gone"):
        case["stores"]["subs_customer"]["customers"].append({**row, "account_id": merged, "merged_into": "acc_1"})
    keep_case(case)
    assert ways(find("acc_zoe, acc_gone")) == {"acc_zoe": [Exact.ACCOUNT], "acc_1": [Exact.OTHER]}


def test_one_doubtless_account_is_the_only_one(people: None):
    assert find("acc_zoe in_a").only == "acc_zoe"
    assert find("zoe mulelr").only is None
    assert find("acc_zoe, acc_none").only is None
    assert find("smith").only is None


def test_an_account_is_found_before_its_handles_are_kept(people: None):
    AccountHandles.objects.all().delete()
    assert accounts("acc_zoe") == ["acc_zoe"]


def mirrored(id: str, kind: str, customer: str | None, claim: str | None = None) -> None:
    StripeObject.objects.create(
        id=id, kind=kind, customer=customer, account_id=claim, body={}, content_hash="", read_at="2026-03-20T00:00:00Z"
    )


def test_an_object_that_is_newer_than_the_evaluation_leads_to_its_customers_account(people: None):
    mirrored("in_new", "invoices", "cus_a")
    assert ways(find("in_new")) == {"acc_zoe": [Exact.ITS_CUSTOMER]}


def test_an_object_of_nobody_is_found_in_the_mirror_and_says_so():
    mirrored("cus_lone", "customers", "cus_lone")
    mirrored("in_lone", "invoices", "cus_lone")
    [missed] = find("in_lone").missed
    assert (missed.stripe, missed.unread) == (StripeOnly("invoices", "cus_lone", None), "")


def test_an_account_that_only_stripe_names_can_be_read():
    mirrored("cus_lone", "customers", "cus_lone", claim="acc_orphan")
    mirrored("in_lone", "invoices", "cus_lone")
    by_account, by_object = find("acc_orphan, in_lone").missed
    assert (by_account.unread, by_object.unread) == ("acc_orphan", "acc_orphan")
    assert by_account.stripe == StripeOnly("customers", "cus_lone", "acc_orphan")


@pytest.mark.parametrize(
    ("term", "may_be"), [("acc_new", True), ("cus_new", False), ("Jane Doe", False), ("a/b", False)]
)
def test_only_what_may_be_an_account_is_offered_to_be_read(term: str, may_be: bool):
    [missed] = find(term).missed
    assert bool(missed.unread) is may_be


def test_more_accounts_than_are_shown_are_said_to_be_there():
    for number in range(MOST + 2):
        keep(f"acc_{number:02}", f"jane{number}@example.com", "Jane Doe", f"x{number}")
    found = find("jane do")
    assert (len(found.hits), found.crowded) == (MOST, ("jane do",))


def test_a_look_up_that_takes_too_long_is_given_up_and_nothing_else_is(people: None, monkeypatch: pytest.MonkeyPatch):
    slow = "select pg_sleep(60)::text, 'email' where %(start)s <> '' and %(most)s > 0"
    monkeypatch.setattr(find_names, "BEGINS", slow)
    monkeypatch.setattr(find_names, "PATIENCE_MS", 20)
    found = find("acc_zoe, smith")
    assert (accounts("acc_zoe"), [missed.gave_up for missed in found.missed]) == (["acc_zoe"], [True])
    with connection.cursor() as cursor:
        cursor.execute("show statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_an_id_that_many_share_is_cut_and_said_to_be():
    for number in range(MOST_OF_ONE + 2):
        keep(f"acc_{number:02}", suffix="shared")
    found = find("cus_shared")
    assert (len(found.hits), found.crowded) == (MOST_OF_ONE, ("cus_shared",))


def test_exact_ids_take_the_same_few_look_ups_however_many_they_are(people: None):
    def look_ups(text: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            find(text)
        return len(caught)

    assert look_ups("acc_zoe") == look_ups("acc_zoe in_a in_b ch_b acc_joan cus_c") == 2


@pytest.mark.parametrize(
    ("wrong", "right", "is_near"),
    [
        ("jhon smith", ["john smith"], True),
        ("jon smith", ["john smith"], True),
        ("johnn smith", ["john smith"], True),
        ("jonn smith", ["john smith"], True),
        ("jhon smiht", ["john smith"], False),
        ("smith", ["jones"], False),
    ],
)
def test_one_slip_is_forgiven_and_two_are_not(wrong: str, right: list[str], is_near: bool):
    assert is_one_slip_from(wrong, right) is is_near


@pytest.mark.parametrize(
    "meant", ["maximilian", "zoe mueller", "john.smith@example.com", "rodriguez", "a" * 60 + "bcdefg"]
)
def test_whatever_the_slip_some_runs_of_letters_survive_it(meant: str):
    for slipped in slips_of(meant):
        assert any(set(runs) <= grams_of(meant) for runs in survivors(slipped)), slipped


def slips_of(text: str) -> Iterator[str]:
    for at in range(len(text)):
        yield text[:at] + "q" + text[at + 1 :]
        yield text[:at] + "q" + text[at:]
        yield text[:at] + text[at + 1 :]
        yield text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


MANY = """
insert into account_handles (account_id, ids, names, words, first_email, first_name, grams)
select 'acc_' || n, array['acc_' || n, 'cus_' || n, 'in_' || n], '{}', array[email], email, name,
       array(select distinct substr(email, at, 3) from generate_series(1, length(email) - 2) as at)
from (select n, md5(n::text) || '@example.com' as email, md5((-n)::text) as name from generate_series(1, 20000) n) one
"""


def test_every_look_up_goes_by_an_index_in_a_large_table():
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("analyze account_handles")
    survived = SURVIVED.format(survived="grams @> %(one)s::text[] or grams @> %(two)s::text[]")
    runs = {"one": ["c4c", "ca4"], "two": ["238", "a0b"], "grams": ["c4c", "ca4", "238", "a0b"]}
    assert "account_handles_ids" in plan_of(EXACT, ids=[f"in_{n}" for n in range(500)], most=MOST_OF_ONE)
    assert "account_handles_email" in plan_of(BEGINS, start="c4ca4%", most=MOST)
    assert "account_handles_name" in plan_of(BEGINS, start="c4ca4%", most=MOST)
    assert "account_handles_grams" in plan_of(HOLDS, grams=["c4c", "4ca", "ca4"], most=CANDIDATES)
    assert "account_handles_grams" in plan_of(survived, **runs, sample=SAMPLE, most=CANDIDATES)


def plan_of(sql: str, **values: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"explain {sql}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on account_handles" not in plan
    return plan
