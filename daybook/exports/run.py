"""Assembles an export worker from the settings, and runs it."""

from collections.abc import Callable
from contextlib import suppress

from daybook.engine.errors import Unavailable
from daybook.engine.group import Group
from daybook.engine.kafka.clients import producer
from daybook.engine.member.member import Member
from daybook.engine.member.run import run as run_member
from daybook.engine.mongo.client import Documents, database
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.settings import Settings
from daybook.exports.attempt import Attempt
from daybook.exports.group import GROUP
from daybook.exports.job_store import Jobs
from daybook.exports.make import Maker
from daybook.exports.notices.announce import Announcer, Notice
from daybook.exports.notices.mail import Mail
from daybook.exports.notices.webhook import Webhook
from daybook.exports.runner import Runner
from daybook.exports.sweep import Sweeper
from daybook.exports.worker import Worker
from daybook.files.open import open_files
from daybook.query.exports.secret import Secret

_JOBS_ADDED_TOGETHER_MAX = 100
"""Each takes a write, and all of a batch must end well within the time between two polls."""

_ABANDON_SECONDS = 5.0
"""For an attempt to notice that it is stopped, and to give its job back."""


def run_worker(settings: Settings, started: Callable[[Member], None], group: Group = GROUP) -> None:
    """Runs a worker until it is stopped. `started` is called with the member before its loop.

    Raises DaybookError.
    """
    secret, files, notices = Secret(settings), open_files(settings), _notices(settings)
    with suppress(Unavailable):
        files.scratch()  # refused now rather than with the first job
    maker = Maker(settings, secret)
    # A client of their own: the member's is closed when it stops, while a file may be finished.
    documents = database(settings)
    jobs = Jobs(documents)
    [topic] = group.topics
    announcer = Announcer(topic, producer(settings), secret, settings.exports_public_url, notices)
    members: list[Member] = []

    def on_started(member: Member) -> None:
        members.append(member)
        started(member)
        # A restored MongoDB may need another member; the runner and the sweeper go on.
        if len(members) == 1:
            runner.start()
            sweeper.start()

    runner = Runner(
        jobs,
        lambda claim: Attempt(claim, jobs, files, maker, announcer),
        lambda: members[-1].stop(),
    )
    sweeper = Sweeper(jobs, files)

    def work(own: Documents, dead_letters: DeadLetters) -> Worker:
        return Worker(dead_letters, Jobs(own), runner.wake)

    few = settings.model_copy(update={"batch_messages_max": _JOBS_ADDED_TOGETHER_MAX})
    try:
        run_member(group, few, until_caught_up=False, started=on_started, work=work)
    finally:
        sweeper.stop()
        runner.finish(settings.shutdown_grace_ms / 1_000, _ABANDON_SECONDS)
        documents.client.close()
    if runner.failure:
        raise runner.failure


def _notices(settings: Settings) -> list[Notice]:
    notices: list[Notice] = []
    if settings.exports_webhook_url:
        notices.append(Webhook(settings))
    if settings.exports_smtp_url:
        notices.append(Mail(settings))
    return notices
