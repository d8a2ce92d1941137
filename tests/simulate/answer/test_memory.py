"""A forgotten session keeps what it has counted, and changes nothing any more."""

from tests.simulate.short_logs import Log

DAY = 24 * 3600
DAY_MS = DAY * 1000


def test_beyond_500_events_of_a_session_an_event_counts_only_by_itself() -> None:
    log = Log()
    for n in range(500):
        log.view("/a", n)
    log.view("/b", 600).enter("A", 601).convert(602, 5).convert(603, 7, step_id="A")
    day = log.funnel()
    assert (day["page_views"], day["visit_seconds"], day["conversions"]) == (501, 499, 2)
    assert (day["value_cents"], day["converting_visitors"]) == (12, 0)
    assert day["pages"].keys() == {"/a"}
    step = log.step("A")
    assert (step["entries"], step["visitors"], step["conversions"]) == (1, 0, 1)


def test_a_51st_session_makes_the_oldest_session_forgotten() -> None:
    log = Log().view("/a", 0)
    for n in range(50):
        log.session = f"s{n}"
        log.view("/a", n)
    assert log.funnel()["sessions"] == 51
    log.session = "s"
    assert log.view("/a", 100).funnel()["sessions"] == 52


def test_each_of_50_sessions_is_still_remembered() -> None:
    log = Log().view("/a", 0)
    for n in range(49):
        log.session = f"s{n}"
        log.view("/a", n)
    log.session = "s"
    assert log.view("/a", 100).funnel()["sessions"] == 50


def test_after_35_days_a_session_begins_anew_and_its_counts_stay() -> None:
    log = Log().view("/a", 0)
    log.appended_ms = 35 * DAY_MS
    assert log.view("/a", 10).funnel()["sessions"] == 1
    log.appended_ms += 1
    day = log.view("/a", 20).funnel()
    assert (day["sessions"], day["visit_seconds"], day["unique_visitors"]) == (2, 10, 2)


def test_the_first_day_is_remembered_for_ever() -> None:
    log = Log().view("/a", 0)
    log.appended_ms = 40 * DAY_MS
    day = log.view("/a", 40 * DAY).funnel("2026-04-11")
    assert (day["new_visitors"], day["returning_visitors"]) == (0, 1)


def test_a_forgotten_entry_cannot_be_completed() -> None:
    log = Log().define("A", "B").enter("A", 0)
    log.appended_ms = 36 * DAY_MS
    log.session = "late"
    assert log.enter("B", 10).reached("A", "B") == [1, 0]
