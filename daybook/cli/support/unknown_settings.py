"""Warns of DAYBOOK_ variables that are not settings: misspelled, or of another version."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from daybook.engine.setting_files import SUFFIX
from daybook.engine.settings import PREFIX, Settings

_OTHERS = re.compile(
    f"{PREFIX}(FAILPOINT|SOAK|MUTANT|(TEST|BENCH)_.*"
    # Kubernetes sets such variables in pods for each service of the namespace.
    r"|.*_SERVICE_(HOST|PORT)(_.*)?|.*_PORT(_\d+_.*)?)"
)


def warnings(variables: Iterable[str]) -> Iterator[str]:
    """A warning for each, sorted by name, with the setting that it resembles most."""
    names = [PREFIX + name.upper() for name in Settings.model_fields]
    known = [*names, *(name + SUFFIX for name in names)]
    for variable in sorted(variables):
        name = variable.upper()
        if name in known or not name.startswith(PREFIX) or _OTHERS.fullmatch(name):
            continue
        matches = get_close_matches(name, known, n=1, cutoff=0.8)
        yield f"{variable} is not a setting and has no effect" + (
            f"; did you mean {matches[0]}?" if matches else ""
        )
