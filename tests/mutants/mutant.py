"""One seeded bug, tried on a copy of the tree."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".daybook", "__pycache__", ".*_cache")
TESTS_FAILED = 1
SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands once in `file`; with `new` in its place `tests` (pytest's words) must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def is_caught(self) -> tuple[bool, str]:
        """Whether the tests fail on it, and the last line they print."""
        with tempfile.TemporaryDirectory(prefix="daybook-mutant-") as name:
            tree = Path(name) / "tree"
            shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
            self._seed(tree)
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *self.tests],
                cwd=tree,
                env=os.environ | {"DAYBOOK_MUTANT": self.name, "PYTHONPATH": str(tree)},
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )
        lines = done.stdout.strip().splitlines() or [done.stderr.strip()]
        return done.returncode == TESTS_FAILED, lines[-1]

    def has_its_place(self, tree: Path = ROOT) -> bool:
        return (tree / self.file).read_text().count(self.old) == 1

    def _seed(self, tree: Path) -> None:
        if not self.has_its_place(tree):
            raise SystemExit(f"mutant {self.name}: its place in {self.file} is not there any more")
        path = tree / self.file
        path.write_text(path.read_text().replace(self.old, self.new))
