"""What is between a client and a server, which a test can cut."""

import socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self


class Cable:
    """Leads from its own `port` to another of the loopback address, while it is entered."""

    def __init__(self, port: int) -> None:
        self._far: list[socket.socket] = []
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _line(self._far, port))
        self._thread = Thread(target=self._server.serve_forever)
        self.port: int = self._server.server_address[1]

    def cut(self) -> None:
        """Ends whatever is connected, as a proxy that restarts would."""
        while self._far:
            _end(self._far.pop())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self.cut()
        self._server.server_close()


def _line(ends: list[socket.socket], port: int) -> type[BaseRequestHandler]:
    class Line(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as far:
                ends.append(far)
                back = Thread(target=_lead, args=(far, self.request))
                back.start()
                _lead(self.request, far)
                back.join()

    return Line


def _lead(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(2**16):
            sink.sendall(data)
    except OSError:
        """It is cut."""
    _end(sink)


def _end(own: socket.socket) -> None:
    try:
        own.shutdown(socket.SHUT_RDWR)
    except OSError:
        """It has ended already."""
