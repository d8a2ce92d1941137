"""Imports point one way, so that a part can be understood, tested and replaced without the rest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "engine": set(),
    "schemas": {"engine"},
    "models": {"schemas", "engine"},
    "funnels": {"models", "schemas", "engine"},
    "consumers": {"funnels", "models", "schemas", "engine"},
    "collector": {"schemas", "engine"},
    "files": {"engine"},
    "query": {"files", "funnels", "models", "schemas", "engine"},
    "exports": {"query", "files", "models", "schemas", "engine"},
    "recount": set(),
    "deploy": set(),
    "simulate": {"schemas"},
    "cli": {
        "simulate",
        "collector",
        "query",
        "exports",
        "consumers",
        "models",
        "schemas",
        "engine",
        "recount",
        "deploy",
    },
}
"""Of the house's own packages; everybody may import the own one, nobody `cli` or `tests`."""

HOUSE = {*MAY_IMPORT, "tests", "bench"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and package of every import of the house's own, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: import it by its full name"
            names = [str(node.module)]
        else:
            continue
        for name in names:
            package = name.partition(".")[0]
            if package in HOUSE:
                yield node.lineno, package


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}"
        for path in files
        for line, imported in imports(path)
        if imported not in allowed
    ]
    assert not wrong, f"{package} may import {sorted(allowed)} of the house: {wrong}"


def test_every_package_has_its_rule() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench"} == set(MAY_IMPORT), (
        "say in MAY_IMPORT what the new package may import"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import engine.group", [(1, "engine")]),
        ("from schemas.user import User", [(1, "schemas")]),
        ("import json\nfrom pathlib import Path", []),
        ("def late():\n    from cli.main import main", [(2, "cli")]),
    ],
)
def test_an_import_is_found_wherever_it_stands(
    tmp_path: Path, source: str, found: list[tuple[int, str]]
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert list(imports(path)) == found
