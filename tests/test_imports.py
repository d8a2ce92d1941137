"""Imports point one way, so that a part can be understood, tested and replaced without the rest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "daybook.engine": set(),
    "schemas": {"daybook.engine"},
    "models": {"schemas", "daybook.engine"},
    "daybook.funnels": {"models", "schemas", "daybook.engine"},
    "consumers": {"daybook.funnels", "models", "schemas", "daybook.engine"},
    "daybook.service": {"daybook.engine"},
    "daybook.collector": {"daybook.service", "schemas", "daybook.engine"},
    "daybook.files": {"daybook.engine"},
    "daybook.query": {
        "daybook.service",
        "daybook.files",
        "daybook.funnels",
        "models",
        "schemas",
        "daybook.engine",
    },
    "daybook.exports": {
        "daybook.query",
        "daybook.service",
        "daybook.files",
        "models",
        "schemas",
        "daybook.engine",
    },
    "daybook.recount": set(),
    "daybook.local": set(),
    "daybook.simulate": {"schemas"},
    "daybook.cli": {
        "daybook.simulate",
        "daybook.collector",
        "daybook.query",
        "daybook.exports",
        "daybook.service",
        "consumers",
        "models",
        "schemas",
        "daybook.engine",
        "daybook.recount",
        "daybook.local",
    },
}
"""Of the house's own packages; everybody may import the own one, nobody `cli` or `tests`."""

HOUSE = {package.partition(".")[0] for package in MAY_IMPORT} | {"tests", "bench"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of every import of the house's own, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: import it by its full name"
            names = [str(node.module)]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in HOUSE:
                yield node.lineno, name


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    files = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files
        for line, module in imports(path)
        if not any(is_within(module, other) for other in allowed)
    ]
    assert not wrong, f"{package} may import {sorted(allowed)} of the house: {wrong}"


def test_every_package_has_its_rule() -> None:
    top = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    program = {f"daybook.{path.parent.name}" for path in ROOT.glob("daybook/*/__init__.py")}
    assert (top - {"tests", "bench", "daybook"}) | program == set(MAY_IMPORT), (
        "say in MAY_IMPORT what the new package may import"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import daybook.engine.group", [(1, "daybook.engine.group")]),
        ("from schemas.user import User", [(1, "schemas.user")]),
        ("import json\nfrom pathlib import Path", []),
        ("def late():\n    from daybook.cli.main import main", [(2, "daybook.cli.main")]),
    ],
)
def test_an_import_is_found_wherever_it_stands(
    tmp_path: Path, source: str, found: list[tuple[int, str]]
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert list(imports(path)) == found
