"""The account page's address: what it shows is said in its URL, so that every switch is a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Address:
    """Which parts of an account's page are shown: only the rows that differ, every fact, and one opened cell
    (`store.table.column`, of a balance with its currency)."""

    account_id: str
    only_differences: bool = False
    all_facts: bool = False
    cell: str = ""

    @classmethod
    def asked(cls, account_id: str, asked: Mapping[str, str]) -> "Address":
        """Out of a URL's parameters; what is none of ours is left out."""
        return cls(account_id, asked.get("only") == "differences", asked.get("facts") == "all", asked.get("cell", ""))

    def href(self, *, only: bool | None = None, all_facts: bool | None = None, cell: str = "", anchor: str = "") -> str:
        """The same page with something else shown; the opened cell closes unless one is named."""
        query = self._query(
            self.only_differences if only is None else only, self.all_facts if all_facts is None else all_facts, cell
        )
        return f"{reverse('account', args=[self.account_id])}{query}{'#' if anchor else ''}{quote(anchor)}"

    def again(self) -> str:
        """Where a re-read is asked for; its answer shows the same parts."""
        return reverse("recompute", args=[self.account_id]) + self._query(self.only_differences, self.all_facts, "")

    @staticmethod
    def _query(only: bool, all_facts: bool, cell: str) -> str:
        shown = {"only": "differences" if only else "", "facts": "all" if all_facts else "", "cell": cell}
        query = urlencode({name: value for name, value in shown.items() if value})
        return f"?{query}" if query else ""
