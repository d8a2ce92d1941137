"""`python -m tests.support.exports WORLD` runs an export worker with a world's topic."""

import sys

from daybook.cli.run import stop_on_signals
from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.exports.group import GROUP
from daybook.exports.run import run_worker
from tests.support.world import renamed


def main() -> None:
    (name,) = sys.argv[1:]
    logs.configure("json")
    try:
        run_worker(settings(), stop_on_signals, renamed(GROUP, name))
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


main()
