"""Minor units of a currency as people write them."""

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""How many digits stand behind the point, where it is not two; from ISO 4217."""

_BEHIND_POINT = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def in_words(minor_units: int, currency: str) -> str:
    """`-123456` of USD is `-1,234.56`."""
    digits = _BEHIND_POINT.get(currency, 2)
    whole, rest = divmod(abs(minor_units), 10**digits)
    sign = "-" if minor_units < 0 else ""
    return f"{sign}{whole:,}.{rest:0{digits}}" if digits else f"{sign}{whole:,}"
