"""Runs functions in processes of their own, because threads of Python share one core."""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, TypeVar

from daybook.recount.errors import Unrecountable

_PROCESSES = 2
_WAITING_MAX = 2
"""Tasks that are ready before a process is, so that none waits for its next one."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class Helpers:
    """Two processes, which start with the first use.

    They are plain child processes, because those of `multiprocessing` import the main module, with
    all that it needs, and would outlive a recount that is killed.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_PROCESSES)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: deque[subprocess.Popen[bytes]] = deque()

    def __enter__(self) -> "Helpers":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes, also while they are at work."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            _opened(process.stdout).close()
            # Of a task that it has not read to the end.
            with suppress(BrokenPipeError):
                _opened(process.stdin).close()

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """What the function, one of a module, returns for each task, in order; a few tasks ahead.

        Raises what the function raises, and Unrecountable if a process was killed.
        """
        self._start()
        results: deque[Future[Result]] = deque()
        for task in tasks:
            results.append(self._threads.submit(self._run, function, task))
            if len(results) >= _PROCESSES + _WAITING_MAX:
                yield results.popleft().result()
        while results:
            yield results.popleft().result()

    def begin(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Like `map`, but all tasks are begun before anything is asked for: they, and what they
        return, should be small."""
        self._start()
        results = [self._threads.submit(self._run, function, task) for task in tasks]
        return (result.result() for result in results)

    def _start(self) -> None:
        if not self._processes:
            self._processes = [_started() for _ in range(_PROCESSES)]
            self._idle.extend(self._processes)

    def _run(self, function: Callable[[Task], Result], task: Task) -> Result:
        process = self._idle.popleft()
        stdin = _opened(process.stdin)
        try:
            pickle.dump((function, task), stdin, pickle.HIGHEST_PROTOCOL)
            stdin.flush()
            succeeded, outcome = pickle.load(_opened(process.stdout))
        except (EOFError, OSError) as error:
            raise Unrecountable(
                "a process of the recount was killed, perhaps for its memory"
            ) from error
        self._idle.append(process)
        if not succeeded:
            raise outcome
        result: Result = outcome
        return result


def _started() -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C stops the recount, which then ends it."""
    path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, "-m", "daybook.recount.helper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        process_group=0,
    )


def _opened(pipe: IO[bytes] | None) -> IO[Any]:
    assert pipe is not None
    return pipe
