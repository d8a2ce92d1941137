"""`python -m tests.support.member GROUP WORLD [--until-caught-up]`: a member of a world's group."""

import sys

import consumers
from daybook.cli.run import stop_on_signals
from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.member.run import run
from daybook.engine.settings import settings
from tests.support.world import renamed


def main() -> None:
    short, name, *options = sys.argv[1:]
    logs.configure("json")
    try:
        run(
            renamed(consumers.find(short), name),
            settings(),
            until_caught_up="--until-caught-up" in options,
            started=stop_on_signals,
        )
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


main()
