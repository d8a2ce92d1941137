"""Well-known sources, such as search engines, social networks and shops.

`sources.tsv` is Daybook's own table; `matomo.tsv`, Matomo's lists, adds the hosts that it does not
have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daybook.collector.acquisition.countries import COUNTRIES

_TABLE = Path(__file__).parent / "sources.tsv"
_MATOMO = Path(__file__).parent / "matomo.tsv"
_COMMERCIAL = ("com", "co")


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
        self._of_country: dict[str, KnownSource] = {}
        self._labels_max = 0
        self.paid: set[str] = set()
        for name, category, hosts, links, paid in _rows(_TABLE):
            known = KnownSource(name, category)
            self.paid.update(paid.split())
            self._add(known, hosts.split(), [name.lower(), *links.split(), *paid.split()])
        for name, category, hosts in _rows(_MATOMO):
            self._complete(KnownSource(name, category), hosts.split())

    def _complete(self, listed: KnownSource, hosts: list[str]) -> None:
        """Adds the hosts that are not known yet, under the name that the others have."""
        found = {host: self.by_host(_example(host)) for host in hosts}
        names = (known for known in found.values() if known and known.category == listed.category)
        known = next(names, listed)
        self._add(known, [host for host, source in found.items() if source is None], [])

    def _add(self, known: KnownSource, hosts: list[str], names: list[str]) -> None:
        for host in hosts:
            if host.endswith(".*"):
                self._any_country[host[:-2]] = known
            elif host.startswith("*."):
                self._of_country[host[2:]] = known
            elif host.startswith("."):
                self._domains[host[1:]] = known
                names.append(host[1:])
            else:
                self._hosts[host] = known
                names.append(host)
        for name in names:
            self._by_name.setdefault(name, known)
        self._labels_max = max(self._labels_max, *(host.count(".") + 1 for host in hosts), 0)

    def by_name(self, name: str) -> KnownSource | None:
        return self._by_name.get(name.lower())

    def by_host(self, host: str) -> KnownSource | None:
        """By the host itself, else by the nearest parent domain, else by a country's domain or
        subdomain.

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
            if found and _is_country(labels[parts:]):
                return found
        if labels[0] in COUNTRIES and len(labels) <= self._labels_max:
            return self._of_country.get(".".join(labels[1:]))
        return None


def _is_country(labels: list[str]) -> bool:
    """Whether these are the last labels of a host that a source has in each country."""
    if len(labels) == 1:
        return labels[0] == "com" or labels[0] in COUNTRIES
    return len(labels) == 2 and labels[0] in _COMMERCIAL and labels[1] in COUNTRIES


def _example(host: str) -> str:
    return host.removeprefix(".").replace("*", "de")


def _rows(table: Path) -> Iterator[list[str]]:
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")
