"""Amounts for sentences. Money itself is an integer of minor units with its currency, everywhere else."""

_ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)  # https://docs.stripe.com/currencies#zero-decimal
_THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])  # https://docs.stripe.com/currencies#three-decimal


def shown(minor: int, currency: str) -> str:
    """1290000, "eur" → "12 900.00 EUR", the thousands apart by a narrow space that does not break."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    whole, part = f"{int(digits[: len(digits) - decimals]):,}".replace(",", "\u202f"), digits[len(digits) - decimals :]
    return f"{sign}{whole}{'.' + part if part else ''} {currency.upper()}"
