"""A failpoint stops a process where it stands, whichever thread comes there."""

import os
import subprocess
import sys

CHILD = """
import os, threading
from daybook.engine.failpoints import reach

def comes_there():
    reach("before_live")
    os.write(1, b"went on")

thread = threading.Thread(target=comes_there)
thread.start()
thread.join()
"""


def test_the_thread_that_freezes_its_process_goes_no_further() -> None:
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
        assert child.stdout.read() is None, "it went on"
    finally:
        child.kill()
        child.communicate()
