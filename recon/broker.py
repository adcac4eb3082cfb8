"""The broker's bookkeeping of what a worker has in hand, for a broker that may be out of reach when it is done.

A worker takes no more tasks than it has processes; each that it acknowledges makes room for one. kombu makes the room
only when the broker has heard of it. So a task that ended while its host was cut off took its place for ever, and a
worker that had lost all its places answered every ping and did nothing. Here the room is made whatever the broker says:
what it did not hear of comes once more, and that is what tasks are made for.
"""

from kombu.transport import redis, virtual
from redis.exceptions import RedisError


class QoS(redis.QoS):
    """Counts what is in hand; raises what the broker's client raised."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except (RedisError, OSError):
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except (RedisError, OSError):
            virtual.QoS.ack(self, delivery_tag)
            raise


def make_room_whatever_happens() -> None:
    """For every channel that this process opens from now on."""
    redis.Channel.QoS = QoS
