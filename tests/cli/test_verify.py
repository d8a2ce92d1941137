"""How `daybook verify` tells what it found, and what it could not ask for."""

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from daybook.cli.verify import summary
from daybook.recount.errors import Unreachable, translated_mongodb_errors
from daybook.recount.verdict.report import Report

GROUP = "sc-analytics-revenue"


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (
            Report(GROUP, documents=1, documents_equal=1, states=1, states_equal=1, messages=1),
            "1 document and 1 state equal, recounted from 1 message in 0.0 s",
        ),
        (
            Report(GROUP, documents=2, documents_equal=2, sketches=1_000, sketches_equal=1_000),
            "2 documents and 1,000 sketches equal, recounted from 0 messages in 0.0 s",
        ),
        (
            Report(GROUP, documents=1, states=1, states_equal=1, messages=6),
            "0 of 1 documents and 1 of 1 states equal, recounted from 6 messages in 0.0 s",
        ),
        (
            Report(GROUP),
            "nothing of the days asked for, stored or in the log; "
            "recounted from 0 messages in 0.0 s",
        ),
    ],
)
def test_a_report_is_summed_up_in_a_sentence(report: Report, told: str) -> None:
    assert summary(report) == f"{GROUP}: {told}"


def test_a_database_that_is_away_is_told_without_the_driver_s_picture_of_it() -> None:
    said = (
        "foo:27017: refused (configured timeouts: socketTimeoutMS: 1ms), Timeout: 5s, "
        "Topology Description: <TopologyDescription id: 6b>"
    )
    with pytest.raises(Unreachable) as told, translated_mongodb_errors():
        raise ServerSelectionTimeoutError(said)
    assert str(told.value) == "MongoDB does not answer: foo:27017: refused"
