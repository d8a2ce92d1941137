"""Functions run in other processes, and what goes wrong there goes wrong here."""

import os
import signal
from collections.abc import Iterator
from math import factorial, sqrt

import pytest

from daybook.recount.errors import Unrecountable
from daybook.recount.helpers import Helpers


@pytest.fixture
def helpers() -> Iterator[Helpers]:
    with Helpers() as own:
        yield own


def process_of(_: int) -> int:
    return os.getpid()


def killed(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_are_in_the_order_of_the_tasks(helpers: Helpers) -> None:
    assert list(helpers.map(factorial, range(50))) == [factorial(n) for n in range(50)]


def test_begun_tasks_give_their_results_in_order_as_well(helpers: Helpers) -> None:
    first, second = helpers.begin(factorial, range(9)), helpers.begin(sqrt, [4, 9])
    assert list(second) == [2, 3]
    assert list(first) == [factorial(n) for n in range(9)]


def test_they_come_from_other_processes_which_are_kept(helpers: Helpers) -> None:
    processes = {process for _ in range(3) for process in helpers.map(process_of, range(8))}
    assert os.getpid() not in processes
    assert len(processes) <= 2


def test_what_a_function_prints_does_not_mix_with_its_result(helpers: Helpers) -> None:
    assert list(helpers.map(print, ["a line"])) == [None]


def test_an_error_is_raised_here_and_the_process_goes_on(helpers: Helpers) -> None:
    with pytest.raises(ValueError, match="math domain error"):
        list(helpers.map(sqrt, [4, -1, 9]))
    assert list(helpers.map(sqrt, [16])) == [4]


def test_a_killed_process_ends_the_recount_with_a_sentence(helpers: Helpers) -> None:
    with pytest.raises(Unrecountable, match="a process of the recount was killed"):
        list(helpers.map(killed, [1]))


def test_leaving_ends_the_processes_also_at_work() -> None:
    with Helpers() as helpers:
        results = helpers.map(process_of, iter(range(10)))
        process = next(results)
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_task_that_is_still_being_sent_does_not_keep_them() -> None:
    with pytest.raises(KeyboardInterrupt), Helpers() as helpers:
        for _ in helpers.map(len, (b" " * 10**7 for _ in range(9))):
            raise KeyboardInterrupt
