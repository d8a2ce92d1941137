"""`python -m tests.support.exports WORLD`: an export worker over a world's topic."""

import sys

from cli.run import stop_on_signals
from engine import logs
from engine.errors import DaybookError
from engine.settings import settings
from exports.group import GROUP
from exports.run import run
from tests.support.world import renamed


def main() -> None:
    (name,) = sys.argv[1:]
    logs.configure("json")
    try:
        run(settings(), stop_on_signals, renamed(GROUP, name))
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


main()
