"""The program of a process that helps a recount: it runs functions for `daybook.recount.helpers`.

It ends when its input ends, so also when the recount was killed.
"""

import os
import pickle
import sys


def main() -> None:
    """Reads functions and their arguments from stdin, and writes what they return to stdout."""
    tasks, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What anything else prints would break the stream of results.
    os.dup2(2, 1)
    while True:
        try:
            function, task = pickle.load(tasks)
        except EOFError:
            return
        try:
            outcome = True, function(task)
        except Exception as error:
            outcome = False, error
        pickle.dump(outcome, results, pickle.HIGHEST_PROTOCOL)
        results.flush()


if __name__ == "__main__":
    main()
