"""A server that is told when a file is ready."""

from tests.support.website import Handler, Website


class Hook(Website):
    """Answers with the statuses that it was given, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Previous(Handler):
            def do_POST(self) -> None:
                hook.calls.append((dict(self.headers.items()), self.heard()))
                status = statuses[min(len(hook.calls), len(statuses)) - 1]
                elsewhere = {"Location": hook.origin + "/elsewhere"} if status == 302 else {}
                self.say(status, b"", elsewhere)

            do_GET = do_POST

        super().__init__(Previous)
