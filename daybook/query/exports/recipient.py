"""The address of the person who requests an export, if the operator allows notices to it."""

from collections.abc import Collection

from pydantic import TypeAdapter, ValidationError

from schemas.export import Email

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def as_email(value: object) -> str | None:
    """The value if it is an address that mail can be sent to, else None."""
    try:
        return _EMAIL.validate_python(value, strict=True)
    except ValidationError:
        return None


def is_allowed(address: str, domains: Collection[str]) -> bool:
    """Whether the address is in one of these domains, not below one. `domains`: in lower case."""
    return address.rpartition("@")[2].lower() in domains
