"""Measures startup: `daybook --help`, and the imports of a member."""

import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure
from bench.install.environment import build_wheel, make_environment
from bench.result import Result
from bench.runs import RunFailed, Runs

SECONDS_MAX = 0.7
MIB_MAX = 90
_PROGRAMS = {
    "daybook --help": "sys.argv = ['daybook', '--help']; from daybook.cli.main import main; main()",
    "a member's imports": "from daybook.cli.main import app, typer; "
    "typer.main.get_command(app).commands['run'].load(); report(); os._exit(0)",
}
# getrusage would include the peak of the forking process; the status file has the process's own.
# A member goes on after its imports, so the end of the interpreter is not part of them.
_REPORTING = """
import atexit, os, pathlib, sys
def report():
    os.write(2, pathlib.Path("/proc/self/status").read_bytes())
atexit.register(report)
"""
_RUNS_A_PAIR = 3


def startup(runs: Runs, pairs: int) -> Result:
    """Seconds and peak MiB of each program in an environment without extras. Raises RunFailed."""
    figures = []
    with TemporaryDirectory() as name:
        python = make_environment(Path(name) / "core", build_wheel(Path(name)))
        measured = {what: _measure(python, program, pairs) for what, program in _PROGRAMS.items()}
    for what, measurements in measured.items():
        seconds, mib = zip(*measurements, strict=True)
        runs.log(f"{what}: {min(seconds):.2f} s, {max(mib):.0f} MiB")
        figures.append(Figure(f"{what}: until its end", "s", list(seconds), at_most=SECONDS_MAX))
        figures.append(Figure(f"{what}: peak memory", "MiB", list(mib), at_most=MIB_MAX))
    return Result({"startup": "the wheel without extras; one process per run"}, [], figures)


def _measure(python: Path, program: str, pairs: int) -> list[tuple[float, float]]:
    _run(python, program)  # the first run compiles, and fills the file cache
    return [_run(python, program) for _ in range(pairs * _RUNS_A_PAIR)]


def _run(python: Path, program: str) -> tuple[float, float]:
    began = time.monotonic()
    done = subprocess.run(
        [python, "-c", _REPORTING + program], capture_output=True, text=True, cwd=python.parent
    )
    seconds = time.monotonic() - began
    peak = re.search(r"VmHWM:\s+(\d+) kB", done.stderr)
    if done.returncode or peak is None:
        raise RunFailed(f"{program} ended with {done.returncode}: {done.stderr[-500:]}")
    return seconds, int(peak[1]) / 1024
