"""The SQL rules of revenue beyond payments and refunds: orders' funnels, and the states."""

from pathlib import Path

_HERE = Path(__file__).parent

PARTS = (_HERE / "lines.sql", _HERE / "funnels.sql", _HERE / "states.sql")
"""They run after the group's rules, in this order."""
