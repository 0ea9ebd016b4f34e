"""What a Pushgateway behind a password is sent; the real one is in the acceptance tests."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from prometheus_client import CollectorRegistry

from cyberbrain_cli.adapters.pushgateway import push


def test_the_credentials_of_the_url_are_a_header_and_no_part_of_what_is_told() -> None:
    seen = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append((self.path, self.headers["Authorization"], self.headers["Host"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        told = push(f"http://me:s3%40cret@{place}/base", CollectorRegistry(), "host/1")
    right = "Basic " + base64.b64encode(b"me:s3@cret").decode()
    assert told == f"http://{place}/base"
    ((path, authorization, host),) = seen
    assert path.startswith("/base/metrics/job/cyberbrain/instance")
    assert (authorization, host) == (right, place)
