"""The currency codes decide what is a dead letter, so no update may change them unnoticed."""

import hashlib
import re

from daybook.engine.currency import CODES

OF_REVISION_2 = "62185bf8d74197e249d7a609a697f81820def9ca894cc3e9121c82497358f453"


def test_the_codes_are_those_of_the_schemas_revision() -> None:
    found = hashlib.sha256(" ".join(sorted(CODES)).encode()).hexdigest()
    assert found == OF_REVISION_2, (
        "iso4217 has other codes now: raise REVISION in schemas/__init__.py, and put the digest "
        "of the new codes here"
    )


def test_a_code_is_three_capitals() -> None:
    assert len(CODES) == 178
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CODES)
    assert {"EUR", "USD", "XXX"} <= CODES
