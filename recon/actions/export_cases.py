"""Give the decisions of a list out as a file, with who took it in the audit: what is to be handed to the owners."""

from collections.abc import Iterator, Mapping

from recon.actions.exported import exported
from recon.queries.cases import CaseQuery, Decision, every_decision

REASON = "export of cases"


def export_cases(
    wanted: CaseQuery, *, query: Mapping[str, str], actor: str, request_id: str = ""
) -> Iterator[Decision]:
    """Every decision as it is read."""
    return exported(every_decision(wanted), reason=REASON, query=query, actor=actor, request_id=request_id)
