"""A registry with one image in it, for a daemon that is to fetch it by its digest."""

from __future__ import annotations

import hashlib
import json
import platform
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.stack.docker import busybox_tar

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """Serves the image; `asked` are the paths of the requests."""

    def __init__(self) -> None:
        layer = busybox_tar()
        described = {
            "architecture": _ARCHITECTURES.get(platform.machine(), "amd64"),
            "os": "linux",
            "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        config = json.dumps(described).encode()
        parts = [
            {"mediaType": kind, "size": len(content), "digest": _digest(content)}
            for kind, content in (
                ("application/vnd.docker.container.image.v1+json", config),
                ("application/vnd.docker.image.rootfs.diff.tar.gzip", layer),
            )
        ]
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": parts[0],
                "layers": parts[1:],
            }
        ).encode()
        self.digest = _digest(manifest)
        self.asked: list[str] = []
        contents = {_digest(content): content for content in (manifest, config, layer)}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, contents))

    @property
    def repository(self) -> str:
        """Where the image is, without tag or digest."""
        return f"127.0.0.1:{self._server.server_port}/ops/tool"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(registry: Registry, contents: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            digest = self.path.rpartition("/")[2]
            content = b"{}" if self.path == "/v2/" else contents.get(digest)
            self.send_response(404 if content is None else 200)
            kind = _MANIFEST if "/manifests/" in self.path else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Docker-Content-Digest", digest)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    return Handler
