"""Files and functions stay of a size that a reader takes in."""

import ast
from pathlib import Path

import pytest

from tests.test_imports import PROGRAM, ROOT

FILES = [*PROGRAM, *sorted((ROOT / "tests").rglob("*.py"))]
FUNCTION_LINES_MAX = 70


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_long_and_few_come_near() -> None:
    sizes = sorted(map(lines, FILES))
    assert sizes[-1] <= 500
    assert sizes[len(sizes) * 9 // 10] < 325


@pytest.mark.parametrize(
    "package", ["attack", "bench", "consumers", "daybook", "models", "schemas", "tests"]
)
def test_no_function_is_long(package: str) -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in FILES
        if path.relative_to(ROOT).parts[0] == package
        for node in ast.walk(ast.parse(path.read_text(), str(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES_MAX
    }
    assert not long
