"""Amounts as people write them: integer minor units and a currency in, a string out; two currencies are never added."""

_ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"} | {"pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}
)
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_THIN_SPACE = "\u202f"


def exponent(currency: str) -> int:
    """Digits after the point in Stripe's minor units of the currency."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def amount_words(minor: int | None, currency: str | None) -> str:
    """`123450, "eur"` as `1 234.50 EUR` (thin spaces); no amount as an en dash."""
    if minor is None:
        return "–"
    digits = exponent(currency or "")
    whole, rest = divmod(abs(minor), 10**digits)
    text = f"{whole:,}".replace(",", _THIN_SPACE)
    if digits:
        text += f".{rest:0{digits}d}"
    return f"{'−' if minor < 0 else ''}{text} {(currency or '').upper()}".strip()
