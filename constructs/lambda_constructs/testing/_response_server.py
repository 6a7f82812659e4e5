"""Takes the answers of custom resources, where CloudFormation has a bucket for them."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

HOST = "127.0.0.1"


class ResponseServer:
    """Serves response URLs on the loopback interface, from the first to `close()`."""

    def __init__(self) -> None:
        self._server: ThreadingHTTPServer | None = None
        self._answers: dict[str, bytes | None] = {}

    def url(self, name: str) -> str:
        """Give a URL to which one answer may be put."""
        path = f"/{quote(name, safe='')}"
        self._answers[path] = None
        port = self._running().server_address[1]
        return f"http://{HOST}:{port}{path}?X-Amz-Expires=7200&X-Amz-Signature=testing"

    def answer(self, url: str) -> bytes | None:
        """Give what was put to a URL, if anything was."""
        return self._answers[urlsplit(url).path]

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _running(self) -> ThreadingHTTPServer:
        if self._server is None:
            answers = self._answers

            class Handler(BaseHTTPRequestHandler):
                def do_PUT(self) -> None:
                    path = urlsplit(self.path).path
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    if path in answers and answers[path] is None:
                        answers[path] = body
                    self.send_response(200 if path in answers else 403)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

                def log_message(self, *_: object) -> None:
                    """Say nothing: what is printed here would be the handler's."""

            self._server = ThreadingHTTPServer((HOST, 0), Handler)
            self._server.daemon_threads = True
            serve = self._server.serve_forever
            threading.Thread(target=serve, args=(0.01,), daemon=True).start()
        return self._server
