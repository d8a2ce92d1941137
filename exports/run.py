"""Puts an export worker together, and runs it."""

from collections.abc import Callable

from engine.dead_letters import DeadLetters
from engine.group import Group
from engine.kafka import producer
from engine.member import Member
from engine.mongo import Documents
from engine.run import run as run_member
from engine.settings import Settings
from exports.announce import Announcer, Notice
from exports.exporter import Exporter
from exports.group import GROUP
from exports.jobs import Jobs
from exports.mail import Mail
from exports.make import Maker
from exports.sweep import Sweeper
from exports.webhook import Webhook
from files.store import open_files
from query.exports.secret import Secret


def run(settings: Settings, started: Callable[[Member], None], group: Group = GROUP) -> None:
    """Until it is stopped. `started` gets the member before its loop runs. Raises DaybookError."""
    secret, files, notices = Secret(settings), open_files(settings), _notices(settings)
    maker = Maker(settings, secret)
    sweepers: list[Sweeper] = []

    def work(documents: Documents, letters: DeadLetters) -> Exporter:
        jobs = Jobs(documents)
        [topic] = group.topics
        url = settings.exports_public_url
        announcer = Announcer(topic, producer(settings), secret, url, notices)
        sweepers.append(Sweeper(jobs, files))
        sweepers[0].start()
        return Exporter(letters, jobs, files, maker, announcer)

    # One at a time: what a member has read, no other one can begin.
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
