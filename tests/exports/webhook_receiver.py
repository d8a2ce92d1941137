"""An HTTP server that receives webhook notices."""

from tests.support.website import Handler, Website


class WebhookReceiver(Website):
    """Answers calls with the given statuses in order, and repeats the last one."""

    def __init__(self, *statuses: int) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Receiver(Handler):
            def do_POST(self) -> None:
                receiver.calls.append((dict(self.headers.items()), self.read_body()))
                status = statuses[min(len(receiver.calls), len(statuses)) - 1]
                redirect = {"Location": receiver.origin + "/elsewhere"} if status == 302 else {}
                self.respond(status, b"", redirect)

            do_GET = do_POST

        super().__init__(Receiver)
