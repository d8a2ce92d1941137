"""Converts Matomo's lists of search engines, social networks and AI assistants to a table.

`python -m tests.support.matomo_lists DIR > daybook/collector/acquisition/matomo.tsv`, where DIR is
a clone of https://github.com/matomo-org/searchengine-and-social-list (CC0-1.0).
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_ANY = "{}"
_NOT_SOCIAL = ("Google%2B", "Windows Live Spaces")
"""They are no more; the second's host is the login of other services."""
_SEARCH = re.compile(
    r"(i|my|web|image|video)?(search|suche?|sok|sogning|szukaj|recherche|buscador|busca|find|images?)"
    r"(es|results)?\d?"
)


def rows(engines: Any, socials: Any, assistants: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Name, category and hosts of each source, in the form of `sources.tsv`.

    Matomo calls a host a search engine only with a query's parameter, which referrers no longer
    have. So a host is taken if its first label says "search" in some language, or if it has the
    engine's name: `search.example.com` and `engine.com`, not the portal that uses the engine.
    Addresses with a path are left out.
    """
    for name, hosts in assistants.items():
        yield name, "ai", [f".{host}" for host in hosts if "/" not in host]
    for name, hosts in socials.items():
        if name not in _NOT_SOCIAL:
            yield name, "social", [f".{host}" for host in hosts]
    for name, configurations in engines.items():
        found = [url for one in configurations for url in one["urls"] if _is_search(name, url)]
        if found:
            yield name, "search", list(dict.fromkeys(map(_host, found)))


def _is_search(name: str, url: str) -> bool:
    if "/" in url or "{}." in url[1:]:
        return False
    labels = [label for label in url.split(".") if label not in ("www", "m", _ANY)]
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    return bool(_SEARCH.fullmatch(labels[0])) or letters in ("".join(labels[:2]), *labels[:2])


def _host(url: str) -> str:
    host = url.removeprefix("www.")
    return host.replace(_ANY, "*")


def _read(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / name).read_text())


def main(folder: Path) -> None:
    commit = ["git", "-C", str(folder), "log", "-1", "--format=%H of %cs"]
    version = subprocess.run(commit, check=True, capture_output=True, text=True).stdout.strip()
    print("# Made by tests/support/matomo_lists.py from Matomo's searchengine-and-social-list,")
    print(f"# https://github.com/matomo-org/searchengine-and-social-list, commit {version}.")
    print("# Licence: CC0-1.0, public domain. Name, category, hosts; the hosts of sources.tsv win.")
    files = ("SearchEngines.yml", "Socials.yml", "AIAssistants.yml")
    for name, category, hosts in rows(*(_read(folder, file) for file in files)):
        if hosts:
            print(name, category, " ".join(hosts), sep="\t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
