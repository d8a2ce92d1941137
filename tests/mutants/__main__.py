"""`make mutants`: tests every seeded bug, or those whose names contain one of the given words."""

import sys
import time

from tests.mutants.seeded import MUTANTS


def main() -> int:
    words = sys.argv[1:]
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    if not chosen:
        print(
            f"no seeded bug has {' or '.join(words)} in its name; the names are:", file=sys.stderr
        )
        print(*(f"  {mutant.name}" for mutant in MUTANTS), sep="\n", file=sys.stderr)
        return 2
    survivors = []
    for mutant in chosen:
        started = time.monotonic()
        caught, last = mutant.is_caught()
        seconds = time.monotonic() - started
        print(
            f"{'caught' if caught else 'ALIVE '}  {mutant.name} ({seconds:.0f} s): {last}",
            flush=True,
        )
        if not caught:
            survivors.append(mutant.name)
    print(f"{len(chosen) - len(survivors)} passed, {len(survivors)} failed")
    return 1 if survivors else 0


sys.exit(main())
