"""Amounts for sentences. Money itself is an integer of minor units with its currency, everywhere else."""

_ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)  # https://docs.stripe.com/currencies#zero-decimal
_THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])  # https://docs.stripe.com/currencies#three-decimal


def shown(minor: int, currency: str) -> str:
    """12900, "eur" → "129.00 EUR"."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return f"{sign}{whole}{'.' + part if part else ''} {currency.upper()}"
