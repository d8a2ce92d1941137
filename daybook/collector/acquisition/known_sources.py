"""Well-known sources, such as search engines, social networks and shops, from `sources.tsv`."""

import re
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).parent / "sources.tsv"
_COUNTRY = re.compile(r"\.(?:com?\.)?[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source's canonical name, and its category: search, social, video, shopping, email, ai …"""

    name: str
    category: str


class Sources:
    """Finds a source by a name in a link, or by a referrer's host; both in lower case."""

    def __init__(self) -> None:
        self._by_name: dict[str, KnownSource] = {}
        self._hosts: dict[str, KnownSource] = {}
        self._domains: dict[str, KnownSource] = {}
        self._any_country: dict[str, KnownSource] = {}
        self.paid: set[str] = set()
        for line in _TABLE.read_text().splitlines():
            if not line.startswith("#"):
                name, category, hosts, links, paid = line.split("\t")
                known = KnownSource(name, category)
                self.paid.update(paid.split())
                self._add(known, hosts.split(), [name.lower(), *links.split(), *paid.split()])
        names = (*self._domains, *self._any_country)
        self._labels_max = max(name.count(".") + 1 for name in names)

    def _add(self, known: KnownSource, hosts: list[str], names: list[str]) -> None:
        for host in hosts:
            if host.endswith(".*"):
                self._any_country[host[:-2]] = known
            elif host.startswith("."):
                self._domains[host[1:]] = known
                names.append(host[1:])
            else:
                self._hosts[host] = known
                names.append(host)
        for name in names:
            self._by_name.setdefault(name, known)

    def by_name(self, name: str) -> KnownSource | None:
        return self._by_name.get(name.lower())

    def by_host(self, host: str) -> KnownSource | None:
        """By the host itself, else by the nearest parent domain, else by any country's.

        Only as many labels are looked at as the table's names have: a host may have thousands.
        """
        if host in self._hosts:
            return self._hosts[host]
        labels = host.split(".")
        for start in range(max(0, len(labels) - self._labels_max), len(labels) - 1):
            if found := self._domains.get(".".join(labels[start:])):
                return found
        for parts in range(1, min(len(labels), self._labels_max + 1)):
            found = self._any_country.get(".".join(labels[:parts]))
            if found and _COUNTRY.fullmatch("." + ".".join(labels[parts:])):
                return found
        return None
