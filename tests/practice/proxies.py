"""Proxies for practice: SOCKS5, SOCKS4(a) and HTTP CONNECT on 127.0.0.1, each with or without login, each able to fail.

(An MTProxy is `PracticeTelegram.open_mtproxy`.) They lead to this machine only.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import socketserver
import struct
import threading
from typing import Any

# What a proxy can do instead of its work, and when:
#   deaf     takes connections and says nothing, ever
#   closing  takes connections and closes them at once
#   refusing answers that it will not connect to anything
#   mute     says that it has connected, and then nothing comes back
#   full     takes the login or greeting, then closes instead of connecting
#   endless  answers as a web server does, with a header that does not end
MISBEHAVIOURS = ("", "deaf", "closing", "refusing", "mute", "full", "endless")


class PracticeProxy:
    """A proxy in threads of its own: `with PracticeProxy("socks5", user="ann", password="pw") as proxy:`.

    `connected` lists the ports that it has put connections through to, `misbehaves` may be changed at any time.
    """

    def __init__(self, kind: str, *, user: str = "", password: str = "", misbehaves: str = "") -> None:
        assert kind in ("socks5", "socks4", "http") and misbehaves in MISBEHAVIOURS
        self.kind = kind
        self.user = user
        self.password = password
        self.misbehaves = misbehaves
        self.connected: list[int] = []
        self._stopped = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Client)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> PracticeProxy:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, *, kind: str = "", login: str | None = None) -> str:
        """Its address as people write it, with its own login unless another one is named."""
        if login is None:
            login = f"{self.user}:{self.password}" if self.password else self.user
        return f"{kind or self.kind}://{login + '@' if login else ''}127.0.0.1:{self.port}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    proxy: PracticeProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nothing to talk about."""


class _Client(socketserver.StreamRequestHandler):
    """One connection to the proxy."""

    rbufsize = 0  # what follows the request belongs to the other side

    def handle(self) -> None:
        proxy: PracticeProxy = self.server.proxy  # type: ignore[attr-defined]
        if proxy.misbehaves == "deaf":
            proxy._stopped.wait(30)
        elif proxy.misbehaves == "endless":
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 300_000)
        elif proxy.misbehaves != "closing":
            target = getattr(self, proxy.kind)(proxy)
            if target and proxy.misbehaves == "mute":
                proxy._stopped.wait(30)
            elif target:
                self._carry(target)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.request.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            data += self._exactly(1)
        return data

    def _connect(self, proxy: PracticeProxy, host: str, port: int) -> socket.socket | None:
        if proxy.misbehaves == "refusing" or not (host.startswith("127.") or host in ("::1", "localhost")):
            return None
        with contextlib.suppress(OSError):
            target = socket.create_connection((host, port), timeout=5)
            target.settimeout(None)
            proxy.connected.append(port)
            return target
        return None

    def _carry(self, target: socket.socket) -> None:
        def copy(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        back = threading.Thread(target=copy, args=(target, self.request), daemon=True)
        back.start()
        copy(self.request, target)
        back.join()
        target.close()

    def socks5(self, proxy: PracticeProxy) -> socket.socket | None:
        """RFC 1928 and RFC 1929."""
        version, count = self._exactly(2)
        if version != 5:
            return None
        wanted = 2 if proxy.user else 0
        if wanted not in self._exactly(count):
            self.request.sendall(b"\x05\xff")
            return None
        self.request.sendall(bytes([5, wanted]))
        if proxy.user:
            self._exactly(1)
            user = self._exactly(self._exactly(1)[0])
            password = self._exactly(self._exactly(1)[0])
            right = (user, password) == (proxy.user.encode(), proxy.password.encode())
            self.request.sendall(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return None
        if proxy.misbehaves == "full":
            return None
        _, _, _, kind = self._exactly(4)
        if kind == 3:
            host = self._exactly(self._exactly(1)[0]).decode()
        elif kind == 1:
            host = socket.inet_ntop(socket.AF_INET, self._exactly(4))
        else:
            host = socket.inet_ntop(socket.AF_INET6, self._exactly(16))
        (port,) = struct.unpack(">H", self._exactly(2))
        target = self._connect(proxy, host, port)
        self.request.sendall((b"\x05\x00" if target else b"\x05\x02") + b"\x00\x01" + bytes(6))
        return target

    def socks4(self, proxy: PracticeProxy) -> socket.socket | None:
        """SOCKS4 and, for the address 0.0.0.x, SOCKS4a. A login is a user name without password."""
        version, _, port = struct.unpack(">BBH", self._exactly(4))
        if version != 4:
            return None
        address = self._exactly(4)
        user = self._until(b"\x00")[:-1].decode()
        host = socket.inet_ntoa(address)
        if address[:3] == bytes(3) and address[3]:
            host = self._until(b"\x00")[:-1].decode()
        if proxy.user and user != proxy.user:
            self.request.sendall(b"\x00\x5d" + bytes(6))
            return None
        if proxy.misbehaves == "full":
            return None
        target = self._connect(proxy, host, port)
        self.request.sendall((b"\x00\x5a" if target else b"\x00\x5b") + bytes(6))
        return target

    def http(self, proxy: PracticeProxy) -> socket.socket | None:
        """CONNECT, with Basic authentication."""
        if self._exactly(1) not in b"CGHOPT":
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return None
        request, *headers = self._until(b"\r\n\r\n").decode().split("\r\n")
        login = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        if proxy.user and f"Proxy-Authorization: Basic {login}" not in headers:
            self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
            return None
        if proxy.misbehaves == "full":
            return None
        host, _, port = request.split()[1].rpartition(":")
        target = self._connect(proxy, host.strip("[]"), int(port))
        reply = b"200 Connection established" if target else b"403 Forbidden"
        self.request.sendall(b"HTTP/1.1 " + reply + b"\r\n\r\n")
        return target
