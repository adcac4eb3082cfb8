"""Webhooks: the bytes that came are what was signed, and a message on the queue can ask for no more than a look."""

import ast
import inspect
import json
from types import ModuleType
from uuid import uuid4

import pytest
import stripe
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads

from inspector.api import bearer
from recon import tasks
from recon.celery import app
from recon.models import Apply, Inbox
from tests.api.conftest import event, post, secrets, signed

__all__ = ["secrets"]


@pytest.mark.django_db
@pytest.mark.parametrize("change", [str.strip, lambda body: body.replace('": ', '":'), lambda body: f"{body}\n"])
def test_the_same_words_in_other_bytes_are_not_what_was_signed(change) -> None:
    body = f" {json.dumps(event())}"
    assert json.loads(change(body)) == json.loads(body)
    assert post(change(body), signed(body)).json()["code"] == "wrong_signature"
    assert not Inbox.objects.exists()


@pytest.mark.parametrize("module", [bearer, stripe._webhook], ids=["ours", "stripe's"])
def test_secrets_are_compared_in_constant_time(module: ModuleType) -> None:
    called = {node.func for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)}
    names = {getattr(one, "attr", getattr(one, "id", "")) for one in called}
    assert names & {"compare_digest", "secure_compare"}


def test_no_other_form_than_json_is_taken_from_the_queue() -> None:
    assert set(app.conf.accept_content) == {"json"}
    content_type, encoding, body = dumps(("acc_1",), serializer="pickle")
    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=app.conf.accept_content)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stores_clean", "twin")
def test_a_forged_message_asks_for_a_look_and_changes_no_store() -> None:
    """A task takes an id and finds the rest in the database: what nobody approved there is not there."""
    tasks.recompute_account("acc_of_nobody")
    tasks.carry_out(str(uuid4()))
    tasks.bulk_items("999999999:1")
    for task in (tasks.carry_out, tasks.preview_policy_chunk):
        with pytest.raises(ValueError, match=r"UUID|invalid literal"):
            task("'; drop table apply")
    assert not Apply.objects.exists()
    assert {len(inspect.signature(getattr(tasks, name).run).parameters) for name in tasks.__all__} <= {0, 1, 2}
