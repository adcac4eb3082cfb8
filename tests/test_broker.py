"""A worker whose broker was out of reach when its task was done."""

from pathlib import Path

import pytest
from kombu import Connection
from redis.exceptions import RedisError

from recon.broker import make_room_whatever_happens
from recon.sandbox.valkey import ValkeyServer


@pytest.mark.parametrize("say", ["ack", "reject", "requeue"])
def test_a_task_whose_end_the_broker_did_not_hear_of_takes_nobodys_place(say: str, tmp_path: Path) -> None:
    make_room_whatever_happens()
    broker = ValkeyServer(tmp_path)
    port = broker.ensure_started("secret", None)
    try:
        with Connection(f"redis://:secret@127.0.0.1:{port}/0") as connection:
            channel = connection.channel()
            channel.basic_qos(0, 1, False)
            with connection.SimpleQueue("tasks") as sent:
                sent.put("recompute")
            message = channel.basic_get("tasks")
            channel.qos.append(message, message.delivery_tag)
            assert not channel.qos.can_consume()
            broker.stop()
            with pytest.raises(RedisError):
                getattr(message, say)()
            assert channel.qos.can_consume()
            channel.qos.restore_at_shutdown = False  # there is no broker to give it back to
    finally:
        broker.stop()
