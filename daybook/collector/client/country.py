"""Finds the country of an IP address in a MaxMind database, if one is configured."""

from collections.abc import Callable
from typing import Any

import maxminddb

from daybook.engine.errors import WrongSetting
from daybook.service.address import Address

Locate = Callable[[Address], str | None]


def locator(geoip_file: str | None) -> Locate:
    """A function from an address to its country's ISO 3166 code. Raises WrongSetting."""
    if geoip_file is None:
        return lambda address: None
    try:
        database = maxminddb.open_database(geoip_file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError):
        raise WrongSetting("DAYBOOK_GEOIP_FILE: is not a readable MaxMind database") from None

    def locate(address: Address) -> str | None:
        try:
            record = database.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None  # such as for an IPv6 address in an IPv4 database
        return _code(record, "country") or _code(record, "registered_country")

    return locate


def _code(record: Any, part: str) -> str | None:
    """`record.<part>.iso_code`, or None if the record has another structure."""
    country = record.get(part) if isinstance(record, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else None
