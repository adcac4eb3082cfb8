"""A publisher in a process of its own that is killed once the stream has its n-th batch, before the batch is marked:
`python -m tests.support.killed_publisher N`."""

import os
import signal
import sys
from typing import Any

import django
import redis


class Fatal(redis.client.Pipeline):
    """Sends what it holds; the n-th time, the process is gone with the answer."""

    left = 0

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        answers = super().execute(raise_on_error)
        Fatal.left -= 1
        if not Fatal.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return answers


class Stream(redis.Redis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Fatal:
        return Fatal(self.connection_pool, self.response_callbacks, transaction, shard_hint)


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from recon.actions.publish_events import publish_events

    Fatal.left = int(sys.argv[1])
    publish_events(Stream.from_url(settings.REDIS_URL), now=timezone.now(), most_kept=100_000)


if __name__ == "__main__":
    main()
