"""A seeded bug, and running tests against a copy of the tree that contains it."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns(".git", ".venv", ".daybook", "__pycache__", ".*_cache")
TESTS_FAILED = 1
SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` occurs once in `file`; with `new` instead, `tests` (pytest arguments) must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def is_caught(self) -> tuple[bool, str]:
        """Whether the tests fail with the bug, and the last line that pytest prints.

        Tests that do not end within the time limit have not caught it.
        """
        try:
            done = self._run_tests()
        except subprocess.TimeoutExpired:
            return False, f"the tests did not end within {SECONDS_MAX} s"
        lines = done.stdout.strip().splitlines() or [done.stderr.strip()]
        return done.returncode == TESTS_FAILED, lines[-1]

    def _run_tests(self) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(prefix="daybook-mutant-") as name:
            tree = Path(name) / "tree"
            shutil.copytree(ROOT, tree, ignore=IGNORED)
            self._seed(tree)
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *self.tests],
                cwd=tree,
                env=os.environ | {"DAYBOOK_MUTANT": self.name, "PYTHONPATH": str(tree)},
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )

    def occurs_once(self, tree: Path = ROOT) -> bool:
        return (tree / self.file).read_text().count(self.old) == 1

    def _seed(self, tree: Path) -> None:
        if not self.occurs_once(tree):
            raise SystemExit(f"mutant {self.name}: its text does not occur once in {self.file}")
        path = tree / self.file
        path.write_text(path.read_text().replace(self.old, self.new))
