"""The currency codes of ISO 4217, for settings and for the schema of events."""

from iso4217 import Currency

CODES = frozenset(currency.code for currency in Currency)
