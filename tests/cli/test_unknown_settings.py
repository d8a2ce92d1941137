"""A DAYBOOK_ variable that is not a setting causes a warning."""

import os
import subprocess
import sys

import pytest

from daybook.cli.support.unknown_settings import warnings


def test_the_most_similar_setting_is_suggested() -> None:
    (warning,) = warnings(["DAYBOOK_KAFKA_BOOTSTRAP_SERVER", "DAYBOOK_ZONE", "PATH"])
    assert warning == (
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVER is not a setting and has no effect; "
        "did you mean DAYBOOK_KAFKA_BOOTSTRAP_SERVERS?"
    )


def test_names_are_case_insensitive_like_those_of_settings() -> None:
    assert not [*warnings(["daybook_zone", "DAYBOOK_Zone"])]
    (warning,) = warnings(["daybook_zon"])
    assert warning == "daybook_zon is not a setting and has no effect; did you mean DAYBOOK_ZONE?"


def test_a_variable_unlike_any_setting_causes_a_warning_too() -> None:
    (warning,) = warnings(["DAYBOOK_XYZZY"])
    assert warning == "DAYBOOK_XYZZY is not a setting and has no effect"


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
def test_variables_of_kubernetes_and_of_the_tests_cause_no_warning(variable: str) -> None:
    assert not [*warnings([variable])]


def test_the_command_line_prints_the_warning_and_continues() -> None:
    environment = os.environ | {"DAYBOOK_LINGER": "5"}
    done = subprocess.run(
        [sys.executable, "-m", "daybook", "schemas"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "DAYBOOK_LINGER is not a setting" in done.stderr
