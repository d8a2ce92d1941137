"""The sources that are known by name: search engines, networks, shops, from `sources.tsv`."""

import re
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).parent / "sources.tsv"
_COUNTRY = re.compile(r"\.(?:com?\.)?[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Known:
    """A source under its one name, and what it is: search, social, video, shopping, email, ai …"""

    name: str
    category: str


class Sources:
    """Looked up by what a link names, or by the host that a referrer has; in lower case."""

    def __init__(self) -> None:
        self._by_name: dict[str, Known] = {}
        self._hosts: dict[str, Known] = {}
        self._domains: dict[str, Known] = {}
        self._everywhere: dict[str, Known] = {}
        self.paid: set[str] = set()
        for line in _TABLE.read_text().splitlines():
            if not line.startswith("#"):
                name, category, hosts, links, paid = line.split("\t")
                known = Known(name, category)
                self.paid.update(paid.split())
                self._add(known, hosts.split(), [name.lower(), *links.split(), *paid.split()])

    def _add(self, known: Known, hosts: list[str], names: list[str]) -> None:
        for host in hosts:
            if host.endswith(".*"):
                self._everywhere[host[:-2]] = known
            elif host.startswith("."):
                self._domains[host[1:]] = known
                names.append(host[1:])
            else:
                self._hosts[host] = known
                names.append(host)
        for name in names:
            self._by_name.setdefault(name, known)

    def named(self, name: str) -> Known | None:
        return self._by_name.get(name.lower())

    def at(self, host: str) -> Known | None:
        """By the host itself, else by the nearest domain above it, else under any country's."""
        if host in self._hosts:
            return self._hosts[host]
        labels = host.split(".")
        for start in range(len(labels) - 1):
            if found := self._domains.get(".".join(labels[start:])):
                return found
        for parts in range(1, len(labels)):
            found = self._everywhere.get(".".join(labels[:parts]))
            if found and _COUNTRY.fullmatch("." + ".".join(labels[parts:])):
                return found
        return None
