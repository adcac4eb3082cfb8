"""Give a queue out as a file, with who took it in the audit."""

from collections.abc import Iterator, Mapping

from recon.actions.exported import exported
from recon.queries.queue import QueueFilter, QueueLine, Sort, every_account

REASON = "export of a queue"


def export_queue(
    wanted: QueueFilter, *, sort: Sort, query: Mapping[str, str], actor: str, request_id: str = ""
) -> Iterator[QueueLine]:
    """Every line as it is read."""
    lines = every_account(wanted, sort=sort)
    return exported(lines, reason=REASON, query=query, actor=actor, request_id=request_id)
