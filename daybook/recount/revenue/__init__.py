"""The rules of revenue beyond payments and refunds: the funnels that orders name, the states."""

from pathlib import Path

_HERE = Path(__file__).parent

PARTS = (_HERE / "lines.sql", _HERE / "funnels.sql", _HERE / "states.sql")
"""After the group's rules, in this order."""
