"""What is read in bulk leaves a store's database to others for a part of the time."""

import time

import pytest
from django.conf import settings

from recon.stores.subs_dunning import SubsDunning

PRIMARY = settings.STORES["subs_dunning"]


@pytest.mark.parametrize(("share", "times"), [(0.5, 2), (0.2, 5)])
def test_a_share_of_the_time_is_taken_and_no_more(share, times):
    store = SubsDunning(PRIMARY, share=share).in_bulk()
    began = time.monotonic()
    with store.connections.using() as connection:
        connection.execute("SELECT pg_sleep(0.01)")
        asked = time.monotonic() - began
    assert time.monotonic() - began >= times * asked


def test_whoever_waits_for_one_account_is_not_held_up():
    store = SubsDunning(PRIMARY, share=0.001)
    assert store.ping() == ""
    assert store.in_bulk() is store.in_bulk() is not store
    assert SubsDunning(PRIMARY).share == 1
