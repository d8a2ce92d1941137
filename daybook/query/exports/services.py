"""What stands behind the routes of exports."""

from daybook.engine.settings import Settings
from daybook.files.open import open_files
from daybook.query.exports.publisher import Publisher
from daybook.query.exports.secret import Secret
from daybook.query.problem import Problem
from schemas.catalogue import topic_name

TOPIC = topic_name("sc.analytics.exports")


class ExportServices:
    """Shut while DAYBOOK_EXPORTS_SECRET is unset. Raises WrongSetting."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings = settings
        self._topic = topic
        self._publisher: Publisher | None = None
        self.public_url = settings.exports_public_url
        self._secret = Secret(settings) if settings.exports_secret else None
        self.files = open_files(settings)

    def open(self) -> None:
        """Within the loop that calls are answered in."""
        if self._secret:
            self._publisher = Publisher(self._settings, self._topic)

    async def close(self) -> None:
        if self._publisher:
            await self._publisher.close()

    @property
    def secret(self) -> Secret:
        """Raises Problem (404) while it is shut."""
        if self._secret is None:
            raise Problem(404, "no exports are made here: DAYBOOK_EXPORTS_SECRET is not set")
        return self._secret

    @property
    def publisher(self) -> Publisher:
        assert self._publisher is not None
        return self._publisher
