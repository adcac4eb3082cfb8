"""Findings: what a person must decide (K5 to K8, and drafts piling up). A finding is a case, never a repair."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    FACT_CONFLICT = "fact_conflict"
    IDENTITY = "identity"
    DUPLICATE_SUBSCRIPTION = "duplicate_subscription"
    UNKNOWN = "unknown"
    DRAFT_BACKLOG = "draft_backlog"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is a sentence for a person; `refs` are the places it speaks of (`store.table[key]`)."""

    kind: FindingKind
    text: str
    refs: tuple[str, ...]
