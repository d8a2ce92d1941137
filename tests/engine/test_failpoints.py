"""A failpoint stops the process at that point, in whichever thread reaches it."""

import os
import subprocess
import sys

CHILD = """
import os, threading
from daybook.engine.failpoints import reach

def pass_failpoint():
    reach("before_live")
    os.write(1, b"continued")

thread = threading.Thread(target=pass_failpoint)
thread.start()
thread.join()
"""


def test_the_thread_that_reaches_a_failpoint_stops_there() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "DAYBOOK_FAILPOINT": "before_live:1:STOP"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        os.set_blocking(child.stdout.fileno(), False)
        assert child.stdout.read() is None, "it continued"
    finally:
        child.kill()
        child.communicate()
