"""Assembles an export worker from the settings, and runs it."""

from collections.abc import Callable
from contextlib import suppress

from daybook.engine.errors import Unavailable
from daybook.engine.group import Group
from daybook.engine.kafka.clients import producer
from daybook.engine.member.member import Member
from daybook.engine.member.run import run as run_member
from daybook.engine.mongo.client import Documents
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.settings import Settings
from daybook.exports.group import GROUP
from daybook.exports.job_store import Jobs
from daybook.exports.make import Maker
from daybook.exports.notices.announce import Announcer, Notice
from daybook.exports.notices.mail import Mail
from daybook.exports.notices.webhook import Webhook
from daybook.exports.sweep import Sweeper
from daybook.exports.worker import Worker
from daybook.files.open import open_files
from daybook.query.exports.secret import Secret


def run_worker(settings: Settings, started: Callable[[Member], None], group: Group = GROUP) -> None:
    """Runs a worker until it is stopped. `started` is called with the member before its loop.

    Raises DaybookError.
    """
    secret, files, notices = Secret(settings), open_files(settings), _notices(settings)
    maker = Maker(settings, secret)
    with suppress(Unavailable):
        files.scratch()  # refused now rather than with the first job
    sweepers: list[Sweeper] = []

    def work(documents: Documents, dead_letters: DeadLetters) -> Worker:
        jobs = Jobs(documents)
        [topic] = group.topics
        url = settings.exports_public_url
        announcer = Announcer(topic, producer(settings), secret, url, notices)
        sweepers.append(Sweeper(jobs, files))
        sweepers[0].start()
        return Worker(dead_letters, jobs, files, maker, announcer)

    # One message at a time: no other worker can start a job that this member has fetched.
    one_by_one = settings.model_copy(update={"batch_messages_max": 1})
    try:
        run_member(group, one_by_one, until_caught_up=False, started=started, work=work)
    finally:
        for sweeper in sweepers:
            sweeper.stop()


def _notices(settings: Settings) -> list[Notice]:
    notices: list[Notice] = []
    if settings.exports_webhook_url:
        notices.append(Webhook(settings))
    if settings.exports_smtp_url:
        notices.append(Mail(settings))
    return notices
