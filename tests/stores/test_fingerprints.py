"""One number for all rows of an account: equal rows have an equal one, whatever they are read with."""

from datetime import UTC, datetime

import pytest
from django.conf import settings

from recon.bootstrap import DATABASE_STORES
from recon.sandbox.population import seed
from recon.stores.base import Scope
from recon.stores.postgres import text_array
from recon.stores.subs_customer import SubsCustomer
from recon.stores.subs_dunning import SubsDunning

ODD = ['a"b', "c\\d", "e,{f}", "", "null", "ü", "two words"]
# Merged in turn, in a circle, into nobody that is known; sharing a customer.
MANY_LINKS = """
with numbered as (select account_id, row_number() over (order by account_id) as place from customers)
update customers t set
    merged_into =
        case here.place % 20 when 1 then after.account_id when 2 then before.account_id when 3 then 'acc_gone' end,
    stripe_customer_id = case here.place % 20 when 5 then 'cus_shared' else stripe_customer_id end
from numbered as here
    left join numbered as after on after.place = here.place + 1
    left join numbered as before on before.place = here.place - 1
where here.account_id = t.account_id and here.place % 20 in (1, 2, 3, 5)
"""
SHARDS = "select id, hashtextextended(id, 0) & 3 from unnest(%s::text[]) id"
ADD = "insert into {} (account_id) values (%s)"


def test_ids_of_any_shape_are_asked_for_as_they_are(owner):
    assert owner("cf_prod").execute("select %s::text[]", [text_array(ODD)]).fetchone()[0] == ODD


def test_an_account_has_the_same_number_alone_and_among_others(owner, stores_clean):
    for account_id in ODD[:3]:
        owner("subs_dunning").execute(ADD.format("dunning"), [account_id])
    store = SubsDunning(settings.STORES["subs_dunning"])
    taken = store.fingerprints([*ODD[:3], "acc_unknown"])
    assert {one: store.fingerprints([one])[one] for one in taken} == taken
    assert (len(set(taken.values())), taken["acc_unknown"]) == (4, 0)
    read = store.read_many([Scope.of(one) for one in taken], fingerprints=True)
    assert {one: reading.fingerprint for one, reading in read.items()} == taken


@pytest.mark.parametrize("kind", DATABASE_STORES, ids=lambda kind: kind.name)
def test_a_shard_has_the_fingerprints_of_its_accounts_folded(kind, sandbox, owner, stores_clean):
    seed(sandbox.env(), 300, now=datetime(2026, 3, 20, tzinfo=UTC))
    owner("subs_customer").execute(MANY_LINKS)
    owner("billing_prod").execute("update payments set account_id = 'acc_other' where right(payment_id, 1) = '1'")
    store = kind(settings.STORES[kind.name])
    everybody = [*store.account_ids("", 1_000), "acc_gone"]
    shards = dict(owner("cf_prod").execute(SHARDS, [everybody]))
    folded = dict.fromkeys(range(4), 0)
    for account_id, number in store.fingerprints(everybody).items():
        folded[shards[account_id]] ^= number
    assert store.shard_sums(4) == folded
    assert sorted(store.account_ids_in([1, 2], 4)) == [one for one in everybody[:-1] if shards[one] in (1, 2)]


def test_the_rows_that_lead_to_another_account_count(owner, stores_clean):
    customers = owner("subs_customer")
    for account_id in ("acc_1", "acc_2"):
        customers.execute(ADD.format("customers"), [account_id])
    store = SubsCustomer(settings.STORES["subs_customer"])
    before = store.fingerprints(["acc_1"])
    customers.execute("update customers set merged_into = 'acc_1' where account_id = 'acc_2'")
    assert store.fingerprints(["acc_1"]) != before
