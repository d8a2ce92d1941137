"""`python -m cli` is `daybook`."""

from cli.main import main

main()
