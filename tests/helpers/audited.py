"""Runs a Python file and writes down what it does to the world: `python tests/helpers/audited.py LOG SCRIPT [words]`.

One JSON line for each connection, look-up, file opened for writing, change of the file system and process started
(Python's own audit events), and at the end one for each thread that is still there. Connections beyond this machine and
look-ups of names are written down and then refused, so that nothing depends on the machine's network and name service.
Standard library only, so that the file imports nothing that it would not anyway.
"""

from __future__ import annotations

import errno
import json
import os
import runpy
import sys
from typing import Any

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
PROCESSES = ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.system", "os.startfile")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    _, log, script, *arguments = sys.argv
    notes = open(log, "a", encoding="utf-8")  # noqa: SIM115  open as long as the process lives

    def note(kind: str, what: Any) -> None:
        notes.write(json.dumps([kind, what], default=str) + "\n")
        notes.flush()

    def hear(event: str, values: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = values[1]
            note("connection", list(address) if isinstance(address, tuple) else address)
            if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
                raise ConnectionRefusedError(errno.ECONNREFUSED, "the test refuses what lies beyond this machine")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and values[0] != "127.0.0.1":  # which is no name
            note("look-up", values[0])
            socket = sys.modules["socket"]
            raise socket.gaierror(socket.EAI_NONAME, "the test looks nothing up")  # type: ignore[attr-defined]
        elif event == "open" and isinstance(values[2], int) and values[2] & WRITES:
            note("write", values[0])
        elif event in CHANGES:
            note("change", [event, values[0]])
        elif event in PROCESSES:
            note("process", [event, values[0]])

    sys.addaudithook(hear)
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        threading = sys.modules.get("threading")
        for thread in threading.enumerate() if threading else ():
            if thread is not threading.main_thread():  # type: ignore[union-attr]
                note("thread", thread.name)


if __name__ == "__main__":
    main()
