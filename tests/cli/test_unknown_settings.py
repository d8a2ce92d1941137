"""A variable that is no setting is told, so that nobody believes that it was heeded."""

import os
import subprocess
import sys

import pytest

from daybook.cli.support.unknown_settings import warnings


def test_the_setting_that_may_be_meant_is_named() -> None:
    (warning,) = warnings(["DAYBOOK_KAFKA_BOOTSTRAP_SERVER", "DAYBOOK_ZONE", "PATH"])
    assert warning == (
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVER is no setting and changes nothing; "
        "is DAYBOOK_KAFKA_BOOTSTRAP_SERVERS meant?"
    )


def test_letters_are_of_either_case_as_they_are_of_settings() -> None:
    assert not [*warnings(["daybook_zone", "DAYBOOK_Zone"])]
    (warning,) = warnings(["daybook_zon"])
    assert warning == "daybook_zon is no setting and changes nothing; is DAYBOOK_ZONE meant?"


def test_one_that_is_like_none_is_told_all_the_same() -> None:
    assert [*warnings(["DAYBOOK_XYZZY"])] == ["DAYBOOK_XYZZY is no setting and changes nothing"]


@pytest.mark.parametrize(
    "variable",
    [
        "DAYBOOK_FAILPOINT",
        "DAYBOOK_TEST_SERVERS",
        "DAYBOOK_QUERY_SERVICE_HOST",
        "DAYBOOK_QUERY_SERVICE_PORT_HTTP",
        "DAYBOOK_QUERY_PORT",
        "DAYBOOK_QUERY_PORT_8080_TCP_ADDR",
    ],
)
def test_what_somebody_else_means_is_passed_by(variable: str) -> None:
    assert not [*warnings([variable])]


def test_the_command_line_says_so_and_goes_on() -> None:
    environment = os.environ | {"DAYBOOK_LINGER": "5"}
    done = subprocess.run(
        [sys.executable, "-m", "daybook", "schemas"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "DAYBOOK_LINGER is no setting" in done.stderr
