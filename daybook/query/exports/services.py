"""The services that the export routes use."""

from daybook.engine.settings import Settings
from daybook.files.open import open_files
from daybook.query.exports.idempotency import JobIds
from daybook.query.exports.publisher import Publisher
from daybook.query.exports.secret import Secret
from daybook.query.problem import Problem
from daybook.query.read.redis import Live
from schemas.catalogue import topic_name

TOPIC = topic_name("sc.analytics.exports")


class ExportServices:
    """Disabled while DAYBOOK_EXPORTS_SECRET is unset. Raises WrongSetting."""

    def __init__(self, settings: Settings, topic: str, live: Live) -> None:
        self._settings = settings
        self.mail_domains = settings.exports_mail_domains
        self.job_ids = JobIds(live, settings.mongodb_database)
        self._topic = topic
        self._publisher: Publisher | None = None
        self.public_url = settings.exports_public_url
        self._secret = Secret(settings) if settings.exports_secret else None
        self.files = open_files(settings)

    def open(self) -> None:
        """Must be called in the event loop that serves the requests."""
        if self._secret:
            self._publisher = Publisher(self._settings, self._topic)

    async def close(self) -> None:
        if self._publisher:
            await self._publisher.close()

    @property
    def secret(self) -> Secret:
        """Raises Problem (404) while exports are disabled."""
        if self._secret is None:
            raise Problem(404, "exports are disabled: DAYBOOK_EXPORTS_SECRET is not set")
        return self._secret

    @property
    def publisher(self) -> Publisher:
        assert self._publisher is not None
        return self._publisher
