"""Runs the unmodified `telegram_session.py` against the practice Telegram.

    python tests/practice/launcher.py --config JSON [--script COPY] -- [arguments of the script]

The JSON (also as a file's path, or in TELEGRAM_PRACTICE) is `PracticeTelegram.config`. The script is the one above this
folder, or a copy of it that lies elsewhere. The launcher

- points the script's one address table, `DATA_CENTRES`, and Telethon's default address at the practice server,
- makes Telethon trust the practice server's RSA key and no other,
- answers look-ups of names as the practice Telegram's `name_service` says,
- refuses every connection that would leave this machine; the exit code is then 99, whatever the script made of it.

It uses the standard library only and waits for `socket` and Telethon to be imported by the script: how long the script
takes to start, and what it imports, stays as it is.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

SCRIPT = Path(__file__).resolve().parents[2] / "telegram_session.py"
LEFT_THE_MACHINE = 99

AfterImport = Callable[[Any], None]


class _Watcher(importlib.abc.MetaPathFinder):
    """Calls back with a module right after its import, so that nothing is imported for the sake of being changed."""

    def __init__(self, callbacks: dict[str, AfterImport]) -> None:
        self._callbacks = callbacks
        for name in [name for name in callbacks if name in sys.modules]:
            callbacks.pop(name)(sys.modules[name])

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._callbacks:
            return None
        callback = self._callbacks.pop(fullname)
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                self._call_after(spec.loader, callback)
                return spec
        return None

    @staticmethod
    def _call_after(loader: Any, callback: AfterImport) -> None:
        exec_module = loader.exec_module

        def exec_and_call(module: Any) -> None:
            exec_module(module)
            callback(module)

        loader.exec_module = exec_and_call


class _Border:
    """Lets loopback pass and turns everything else away, and remembers it."""

    def __init__(self, name_service: str) -> None:
        self.refused: list[str] = []
        self._name_service = name_service

    def _turn_away(self, what: str) -> None:
        self.refused.append(what)
        raise ConnectionRefusedError(f"the practice run refuses everything beyond this machine: {what}")

    def check(self, address: Any) -> None:
        """A socket address; paths (Unix sockets) are of this machine."""
        if isinstance(address, tuple) and not self._is_local(address[0]):
            self._turn_away(f"a connection to {address[0]} port {address[1]}")

    def check_name(self, host: Any) -> None:
        if not (self._is_local(host) or self._is_numeric(host)):
            self._turn_away(f"a look-up of {host}")

    @staticmethod
    def _text(host: Any) -> str:
        return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)

    def _is_local(self, host: Any) -> bool:
        text = self._text(host) if host else "localhost"
        return text in ("localhost", "::1", "0.0.0.0", "::") or (text.startswith("127.") and self._is_numeric(text))

    def _is_numeric(self, host: Any) -> bool:
        text = self._text(host)
        return ":" in text or text.replace(".", "").isdigit()

    def guard(self, socket: Any) -> None:
        """Everything in `socket` that can name or reach another machine; asyncio goes through the same."""

        def guarded(method: Any) -> Any:
            def first_checked(this: Any, *arguments: Any) -> Any:
                self.check(arguments[-1])
                return method(this, *arguments)

            return first_checked

        for name in ("connect", "connect_ex", "sendto"):
            setattr(socket.socket, name, guarded(getattr(socket.socket, name)))

        def guarded_look_up(look_up: Any) -> Any:
            def first_checked(host: Any, *arguments: Any, **options: Any) -> Any:
                self.check_name(host)
                if self._name_service == "dead":
                    time.sleep(86400)
                if self._name_service == "ignorant":
                    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
                return look_up(host, *arguments, **options)

            return first_checked

        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            setattr(socket, name, guarded_look_up(getattr(socket, name)))

    def guard_proactor(self, proactor_events: Any) -> None:
        """asyncio on Windows connects without `socket.connect`."""
        loop = proactor_events.BaseProactorEventLoop
        sock_connect = loop.sock_connect

        async def local_sock_connect(this: Any, sock: Any, address: Any) -> Any:
            self.check(address)
            return await sock_connect(this, sock, address)

        loop.sock_connect = local_sock_connect


def _read_config(source: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(source if source.lstrip().startswith("{") else Path(source).read_text())
    return config


def _point_telethon(port: int) -> AfterImport:
    def change(client: Any) -> None:
        client.DEFAULT_IPV4_IP = "127.0.0.1"
        client.DEFAULT_IPV6_IP = "::1"
        client.DEFAULT_PORT = port

    return change


def _trust(pem: str) -> AfterImport:
    def change(rsa: Any) -> None:
        rsa._server_keys.clear()
        rsa.add_key(pem, old=False)

    return change


def _point_script(script: Any, ports: dict[str, int]) -> None:
    for number, centre in list(script.DATA_CENTRES.items()):
        port = ports[str(number)]
        script.DATA_CENTRES[number] = centre._replace(ipv4="127.0.0.1", ipv6="::1", ports=(port,))
    script.TELEGRAM_NAME = "localhost"  # the one name that the script looks up


def launch(config: dict[str, Any], arguments: list[str], script_path: Path = SCRIPT) -> Any:
    """Runs the script's `main` as `python telegram_session.py ARGUMENTS` would, and returns its exit code."""
    border = _Border(config["name_service"])
    ports = config["ports"]
    watcher = _Watcher(
        {
            "socket": border.guard,
            "asyncio.proactor_events": border.guard_proactor,
            "telethon.client.telegrambaseclient": _point_telethon(ports["2"]),
            "telethon.crypto.rsa": _trust(config["rsa_key"]),
        }
    )
    sys.meta_path.insert(0, watcher)
    sys.path[0] = str(script_path.parent)
    sys.argv = [str(script_path), *arguments]
    try:
        script = importlib.import_module("telegram_session")
        _point_script(script, ports)
        for name, seconds in config["limits"].items():
            assert hasattr(script, name), name
            setattr(script, name, seconds)
        return script.main(arguments)
    finally:
        if border.refused:
            print(f"practice: the script tried {'; '.join(border.refused)}", file=sys.stderr)
            sys.exit(LEFT_THE_MACHINE)


def main() -> Any:
    arguments = sys.argv[1:]
    source = os.environ.pop("TELEGRAM_PRACTICE", "")
    if arguments[:1] == ["--config"]:
        source, arguments = arguments[1], arguments[2:]
    script_path = SCRIPT
    if arguments[:1] == ["--script"]:
        script_path, arguments = Path(arguments[1]), arguments[2:]
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not source:
        print(__doc__, file=sys.stderr)
        return 2
    return launch(_read_config(source), arguments, script_path)


if __name__ == "__main__":
    sys.exit(main())
