"""Formats amounts in minor units of a currency."""

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""The currencies whose number of decimal digits is not two, by that number; from ISO 4217."""

_DECIMALS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def format_money(minor_units: int, currency: str) -> str:
    """`-123456` of USD is `-1,234.56`."""
    digits = _DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(minor_units), 10**digits)
    sign = "-" if minor_units < 0 else ""
    return f"{sign}{whole:,}.{rest:0{digits}}" if digits else f"{sign}{whole:,}"
