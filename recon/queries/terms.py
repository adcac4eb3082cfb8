"""What a person pasted into a search box, cut into the terms that are looked up, one after another as they stand.

Commas, semicolons, tabs and line ends part terms. A space stays inside a name, and parts what is ids throughout.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recon.queries.handles import LONGEST, storable

MOST_TERMS = 500
PARTS = re.compile(r"[,;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
ID_LIKE = re.compile(r"(?=.*[\d_@])[\w.+@:/-]+")
ADDRESSED = re.compile(r".*<([^<>\s]+@[^<>\s]+)>")  # Zoë Müller <zoe@example.com>
FRAME = " \"'`“”‘’«»<>()[]{}"
# What may be an account's id, so that the stores can be asked for it.
ACCOUNT_LIKE = re.compile(r"[A-Za-z0-9][\w.:-]{0,99}", re.ASCII)
OF_STRIPE = ("cus_", "sub_", "in_", "pi_", "ch_", "py_", "dp_", "du_", "inpay_", "si_", "seti_", "pm_", "re_")


@dataclass(frozen=True, slots=True)
class Terms:
    """Each term once, in the order given: those to look up, those longer than any handle is, and how many more there
    were than are looked up at once."""

    wanted: tuple[str, ...]
    too_long: tuple[str, ...]
    left_out: int


def terms_of(text: str) -> Terms:
    given = list(dict.fromkeys(_each(storable(text))))
    searched = given[:MOST_TERMS]
    return Terms(
        wanted=tuple(term for term in searched if len(term) <= LONGEST),
        too_long=tuple(term for term in searched if len(term) > LONGEST),
        left_out=len(given) - len(searched),
    )


def may_be_account(term: str) -> bool:
    """Whether the stores can be asked for an account of this id."""
    return bool(ACCOUNT_LIKE.fullmatch(term)) and not term.startswith(OF_STRIPE)


def _each(text: str) -> Iterator[str]:
    for part in PARTS.split(text):
        words = part.split()
        addressed = ADDRESSED.fullmatch(part) if "@" in part and len(part) <= 2 * LONGEST else None
        if addressed:
            yield addressed[1]
        elif len(words) > 1 and not all(map(ID_LIKE.fullmatch, words)):
            yield from _bare(" ".join(words))
        else:
            for word in words:
                yield from _bare(word)


def _bare(text: str) -> Iterator[str]:
    """Without the quotation marks and brackets of where it was copied from; of an address on the web, its last part."""
    text = text.strip(FRAME)
    if "://" in text:
        text = re.split(r"[?#]", text)[0].rstrip("/").rsplit("/", 1)[-1]
    text = text.strip("/")
    if text:
        yield text
