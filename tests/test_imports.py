"""Imports point one way, so that a part can be understood, tested and replaced without the rest."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "daybook.engine": set(),
    "schemas": {"daybook.engine"},
    "models": {"schemas", "daybook.engine"},
    "daybook.segments": {"models", "schemas", "daybook.engine"},
    "daybook.funnels": {"models", "schemas", "daybook.engine"},
    "consumers": {"daybook.funnels", "daybook.segments", "models", "schemas", "daybook.engine"},
    "daybook.service": {"daybook.engine"},
    "daybook.collector": {"daybook.service", "schemas", "daybook.engine"},
    "daybook.files": {"daybook.engine"},
    "daybook.query": {
        "daybook.service",
        "daybook.files",
        "daybook.funnels",
        "daybook.segments",
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
        "daybook.segments",
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

ENGINE_FLOORS = (
    {"bookkeeping", "currency", "errors", "failpoints", "logs", "metrics", "moment"},
    {"setting_files"},
    {"partition", "settings"},
    {"documents", "kafka", "redis_client"},
    {"batch", "group", "store"},
    {"decode", "fold", "mongo"},
    {"live", "protocol"},
    {"member", "operations"},
)
"""Of `daybook.engine`, the lowest first: a part imports only from its own floor and those below."""

MODULES_MAX = 25
"""A folder with more is no longer read at a glance."""

HOUSE = {package.partition(".")[0] for package in MAY_IMPORT} | {"tests", "attack", "bench"}


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


PROGRAM = sorted(
    path
    for package in ("attack", "bench", "consumers", "daybook", "models", "schemas")
    for path in (ROOT / package).rglob("*.py")
)


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def part_of(module: str) -> str:
    """The part of the engine, such as `mongo` for `daybook.engine.mongo.store`."""
    return module.split(".")[2]


def modules_of(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules that a file imports, also those named as `from package import module`."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from [name for name in (whole, str(node.module)) if name in known][:1]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


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
    assert (top - {"tests", "attack", "bench", "daybook"}) | program == set(MAY_IMPORT), (
        "say in MAY_IMPORT what the new package may import"
    )


def test_the_engine_imports_only_from_the_floors_below() -> None:
    floors = {part: floor for floor, parts in enumerate(ENGINE_FLOORS) for part in parts}
    modules = {module_of(path): path for path in (ROOT / "daybook/engine").rglob("*.py")}
    parts = {name: path for name, path in modules.items() if name.count(".") > 1}
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for name, path in parts.items()
        for module in modules_of(path, parts)
        if floors[part_of(name)] < floors[part_of(module)]
    ]
    assert not wrong


def test_every_part_of_the_engine_has_its_floor() -> None:
    engine = ROOT / "daybook/engine"
    parts = {path.stem for path in engine.iterdir() if path.stem not in ("__init__", "__pycache__")}
    assert parts == set().union(*ENGINE_FLOORS), "give the new part a floor in ENGINE_FLOORS"


def test_no_imports_go_in_a_circle() -> None:
    """Also not those that only a type checker follows."""
    modules = {module_of(path): path for path in PROGRAM}
    imported = {name: set(modules_of(path, modules)) - {name} for name, path in modules.items()}
    while free := {name for name, needs in imported.items() if not needs}:
        imported = {name: needs - free for name, needs in imported.items() if name not in free}
    assert not imported, f"a circle, and what needs it: {sorted(imported)}"


def test_no_folder_has_more_modules_than_are_read_at_a_glance() -> None:
    folders = Counter(path.parent for path in PROGRAM if path.name != "__init__.py")
    full = {str(folder.relative_to(ROOT)): n for folder, n in folders.items() if n > MODULES_MAX}
    assert not full


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
