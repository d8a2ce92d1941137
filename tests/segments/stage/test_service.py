"""What a stage does about failures: it waits for servers, and ends for anything else."""

import asyncio
from collections.abc import Iterator
from time import monotonic

import pytest

from daybook.engine.errors import DaybookError, Gap, Refused, StartAgain, Unavailable
from daybook.engine.settings import Settings
from daybook.segments.stage import service
from daybook.segments.stage.service import STALLED_SECONDS, SegmentStage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[SegmentStage]:
    monkeypatch.setattr(service, "_RETRY_SECONDS", 0.0)
    own = SegmentStage("group", "feed", Settings(), lambda: pytest.fail("never opened"))
    yield own
    own.stop()


def does(stage: SegmentStage, *failures: Exception) -> str:
    """The result of a piece of work that fails so before it succeeds."""
    left = list(failures)

    def piece() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return asyncio.run(stage._do(piece))


def test_a_piece_is_repeated_while_a_server_is_away_or_another_writer_was_first(
    stage: SegmentStage,
) -> None:
    assert does(stage, Unavailable("MongoDB"), Refused(), Unavailable("Kafka")) == "done"
    assert stage.failure() is None


def test_another_primary_ends_the_piece_so_that_the_stage_starts_again(
    stage: SegmentStage,
) -> None:
    with pytest.raises(DaybookError):
        does(stage, StartAgain("another primary"))
    assert stage.failure() is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(Gap("the feed is gone"), "the feed is gone"), (KeyError("x"), "KeyError")],
)
def test_any_other_failure_ends_the_member_with_a_sentence(
    stage: SegmentStage, error: Exception, sentence: str
) -> None:
    with pytest.raises(DaybookError, match=sentence):
        does(stage, error)
    failure = stage.failure()
    assert failure is not None
    assert failure.exit_code == 1
    assert sentence in str(failure)
    with pytest.raises(DaybookError, match=sentence):
        does(stage)


def test_no_progress_although_the_feed_goes_on_ends_the_member(stage: SegmentStage) -> None:
    stage._progress_at = monotonic() - STALLED_SECONDS + 5
    assert stage.failure() is None
    stage._progress_at = monotonic() - STALLED_SECONDS - 1
    failure = stage.failure()
    assert failure is not None
    assert "no progress" in str(failure)
    assert failure.exit_code == 1


def test_waiting_for_a_server_is_progress_enough(stage: SegmentStage) -> None:
    stage._progress_at = monotonic() - STALLED_SECONDS - 1
    does(stage, Unavailable("MongoDB"))
    assert stage.failure() is None


def test_a_stage_that_was_stopped_has_not_failed(stage: SegmentStage) -> None:
    stage.stop()
    stage._progress_at = monotonic() - STALLED_SECONDS - 1
    assert stage.failure() is None
