"""One number for all rows of an account: equal rows have an equal one, whatever they are read with."""

from django.conf import settings

from recon.stores.base import Scope
from recon.stores.postgres import text_array
from recon.stores.subs_customer import SubsCustomer
from recon.stores.subs_dunning import SubsDunning

ODD = ['a"b', "c\\d", "e,{f}", "", "null", "ü", "two words"]
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


def test_the_rows_that_lead_to_another_account_count(owner, stores_clean):
    customers = owner("subs_customer")
    for account_id in ("acc_1", "acc_2"):
        customers.execute(ADD.format("customers"), [account_id])
    store = SubsCustomer(settings.STORES["subs_customer"])
    before = store.fingerprints(["acc_1"])
    customers.execute("update customers set merged_into = 'acc_1' where account_id = 'acc_2'")
    assert store.fingerprints(["acc_1"]) != before
