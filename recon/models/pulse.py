"""Signs of life: when each part was last heard of."""

from django.db import models


class Pulse(models.Model):
    """When a part answered, or was asked, last: `worker`, `beat`, and `store:` with each store's name.

    Of a database that answered, `detail` tells too how many transactions of ours are `prepared` there, and since when
    the first of them (`prepared_since`), place by place why it is `read_only`, and of its `replica` {lag_s, why}.
    `place` is where our own database stood when recovery last asked: by that a restored one is known.
    """

    WORKER = "worker"
    BEAT = "beat"
    STORE = "store:"
    PLACE = "place"

    name = models.TextField(primary_key=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict, help_text="of a store: {ok, ms, why}")

    class Meta:
        db_table = "pulse"
