"""Variables that look like settings and are none: mistyped, or of another version."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from daybook.engine.settings import PREFIX, Settings

_OTHERS = re.compile(
    f"{PREFIX}(FAILPOINT|SOAK|MUTANT|(TEST|BENCH)_.*"
    # Kubernetes tells the pods of a namespace of its services.
    r"|.*_SERVICE_(HOST|PORT)(_.*)?|.*_PORT(_\d+_.*)?)"
)


def warnings(variables: Iterable[str]) -> Iterator[str]:
    """A sentence for each, in their order, with the setting that it is most like."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for variable in sorted(variables):
        name = variable.upper()
        if name in known or not name.startswith(PREFIX) or _OTHERS.fullmatch(name):
            continue
        like = get_close_matches(name, known, n=1, cutoff=0.8)
        yield f"{variable} is no setting and changes nothing" + (
            f"; is {like[0]} meant?" if like else ""
        )
