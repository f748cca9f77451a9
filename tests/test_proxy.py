"""Proxies: the addresses people have are understood, and each way a proxy can fail has its own answer."""

from __future__ import annotations

import base64
import socketserver
import string
import threading
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

from .conftest import Run
from .helpers.waiting import sees_in_time
from .practice import PracticeTelegram
from .practice.proxies import PracticeProxy

SECRET = bytes(range(0xA0, 0xB0))


def refused(text: str) -> script.Problem:
    with pytest.raises(script.Problem) as caught:
        script.parse_proxy(text)
    return caught.value


# What people paste


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("socks5://10.0.0.1:1080", ("socks5", "10.0.0.1", 1080, "", "", "")),
        ("  'SOCKS5://ann:s3cret@proxy.example:1080/' ", ("socks5", "proxy.example", 1080, "ann", "s3cret", "")),
        ("socks5h://ann:p%40ss%3A@proxy.example:1080", ("socks5", "proxy.example", 1080, "ann", "p@ss:", "")),
        ("socks5://[2001:db8::1]:1080", ("socks5", "2001:db8::1", 1080, "", "", "")),
        ("socks4a://ann@10.0.0.1:9050", ("socks4", "10.0.0.1", 9050, "ann", "", "")),
        ("http://ann:pw@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "ann", "pw", "")),
        ("tg://socks?server=10.0.0.1&port=1080&user=ann&pass=pw", ("socks5", "10.0.0.1", 1080, "ann", "pw", "")),
        ("https://t.me/socks?server=10.0.0.1&port=1080", ("socks5", "10.0.0.1", 1080, "", "", "")),
        ("t.me/http?server=10.0.0.1&port=80", ("http", "10.0.0.1", 80, "", "", "")),
    ],
)
def test_an_address_as_people_have_it_is_understood(text: str, proxy: tuple[object, ...]) -> None:
    assert tuple(script.parse_proxy(text)) == proxy


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    "form",
    [
        "tg://proxy?server=host.example&port=443&secret={}",
        "tg:proxy?port=443&server=host.example&secret={}",
        "https://t.me/proxy?server=host.example&port=443&secret={}",
        "https://telegram.me/proxy?server=host.example&port=443&secret={}#name",
        "<t.me/proxy?server=host.example&port=443&secret={}>",
        "mtproxy://{}@host.example:443",
        "mtproto://host.example:443?secret={}",
        "mtproxy://host.example:443/{}",
    ],
)
@pytest.mark.parametrize(
    "spelling",
    [
        lambda raw: raw.hex(),
        lambda raw: raw.hex().upper(),
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
        lambda raw: urllib.parse.quote(base64.b64encode(raw).decode(), safe=""),
    ],
)
def test_an_mtproxy_link_is_understood_in_every_spelling_of_its_secret(form, spelling, padded: bool) -> None:  # type: ignore[no-untyped-def]
    raw = b"\xdd" * padded + SECRET
    proxy = script.parse_proxy(form.format(spelling(raw)))
    assert proxy == script.Proxy("mtproxy", "host.example", 443, "", "", raw.hex())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("10.0.0.1:1080", "which kind of proxy"),
        ("ftp://10.0.0.1:1080", "a kind of proxy that Telethon does not speak to"),
        ("https://10.0.0.1:443", "over TLS"),
        ("socks5://10.0.0.1", "the port is missing"),
        ("socks5://:1080", "the host is missing"),
        ("socks5://10.0.0.1:70000", "not a number from 1 to 65535"),
        ("socks5://10.0.0.1:eighty", "not a number from 1 to 65535"),
        ("socks5://[::1:1080", "cannot be told apart"),
        ("socks5://ann:" + "x" * 256 + "@10.0.0.1:1080", "longer than a proxy takes"),
        ("socks5://ann:пароль@10.0.0.1:1080", "letters outside of ASCII"),
        ("tg://proxy?server=10.0.0.1", "the port is missing"),  # a shell cut it at the &
        ("tg://proxy?server=10.0.0.1&port=443", "the secret is missing"),
        ("tg://proxy?server=10.0.0.1&port=443&secret=abc!", "neither hexadecimal nor base64"),
        ("tg://proxy?server=10.0.0.1&port=443&secret=" + "ab" * 15, "15 bytes long"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(text: str, reason: str) -> None:
    problem = refused(text)
    assert problem.name == "ProxyLink"
    assert reason in problem.title
    assert any("quotes" in step for step in problem.steps)


@pytest.mark.parametrize("spelling", [bytes.hex, lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")])
def test_a_fake_tls_secret_has_an_answer_of_its_own(spelling) -> None:  # type: ignore[no-untyped-def]
    problem = refused("tg://proxy?server=10.0.0.1&port=443&secret=" + spelling(b"\xee" + SECRET + b"example.org"))
    assert problem.name == "ProxyFakeTls"


def test_no_description_of_a_proxy_tells_its_password_or_secret() -> None:
    for text in ("socks5://ann:s3cret@10.0.0.1:1080", f"tg://proxy?server=10.0.0.1&port=443&secret={SECRET.hex()}"):
        proxy = script.parse_proxy(text)
        for shown in (proxy.describe(), str(proxy), repr([proxy])):
            assert "10.0.0.1" in shown
            assert "s3cret" not in shown and SECRET.hex() not in shown


@settings(max_examples=100)
@given(st.one_of(st.text(), st.text(alphabet=string.printable), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_whatever_is_typed_is_a_proxy_or_a_problem(text: str) -> None:
    for prefix in (
        "",
        "socks5://",
        "http://ann:pw@",
        "mtproxy://",
        "tg://proxy?server=h&port=1&secret=",
        "t.me/socks?",
    ):
        try:
            proxy = script.parse_proxy(prefix + text)
        except script.Problem as problem:
            assert problem.name in ("ProxyLink", "ProxyFakeTls")
        else:
            assert proxy.host and 0 < proxy.port < 65536
            assert (len(proxy.secret) in (32, 34)) == (proxy.kind == "mtproxy")


@settings(max_examples=200)
@given(
    user=st.text(alphabet=string.printable.strip(), min_size=1, max_size=40),
    password=st.text(alphabet=string.printable.strip(), min_size=1, max_size=40),
    port=st.integers(1, 65535),
)
def test_a_login_of_any_characters_survives_in_an_address(user: str, password: str, port: int) -> None:
    login = f"{urllib.parse.quote(user, safe='')}:{urllib.parse.quote(password, safe='')}"
    assert script.parse_proxy(f"socks5://{login}@host.example:{port}")[2:5] == (port, user, password)


# What Telethon is given


@pytest.mark.parametrize("first", [0x00, 0xDD, 0xEE])
@pytest.mark.parametrize("padded", [False, True])
def test_telethon_uses_the_secret_that_was_meant(first: int, padded: bool) -> None:
    from telethon.network.connection.tcpmtproxy import TcpMTProxy

    raw = bytes([first]) + SECRET[1:]
    link = "tg://proxy?server=10.0.0.1&port=443&secret=" + (b"\xdd" * padded + raw).hex()
    kind, argument = script.telethon_connection(script.parse_proxy(link))
    assert kind.__name__.endswith("RandomizedIntermediate" if padded else "MTProxyIntermediate")
    assert TcpMTProxy.normalize_secret(argument[2]) == raw


# Which proxy is used


def test_a_password_on_the_command_line_is_warned_of_and_not_shown(run: Run) -> None:
    with PracticeProxy("socks5", user="ann", password="s3cret") as proxy:
        person = run("network", "--proxy", proxy.url())
        person.sees("was given on the command line")
        person.sees("TELEGRAM_PROXY")
        person.sees("All is well")
    person.does_not_see("s3cret")


def test_the_environment_names_a_proxy_and_that_is_said(run: Run) -> None:
    with PracticeProxy("http") as proxy:
        person = run("network", env={"TELEGRAM_PROXY": proxy.url()})
        person.sees(f"Proxy from TELEGRAM_PROXY: http://127.0.0.1:{proxy.port}")
        person.sees("All is well")
        assert len(proxy.connected) == 5
    person.does_not_see("command line")


@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_the_systems_proxy_is_offered_and_not_silently_used(run: Run, answer: str) -> None:
    with PracticeProxy("http") as proxy:
        person = run("network", env={"HTTPS_PROXY": proxy.url()})
        person.sees("HTTPS_PROXY")
        person.answers("Use it for Telegram too? [y/N]", answer)
        person.sees("All is well")
        assert bool(proxy.connected) == (answer == "y")


def test_without_a_terminal_the_systems_proxy_is_mentioned_and_not_used(run: Run) -> None:
    with PracticeProxy("socks5") as proxy:
        person = run("network", env={"ALL_PROXY": proxy.url()}, stdin="null")
        person.sees("ALL_PROXY is set but not used")
        person.exits(0)
        assert not proxy.connected


@pytest.mark.parametrize("behind", [False, True])
def test_the_option_counts_in_front_of_the_command_and_behind_it(run: Run, behind: bool) -> None:
    with PracticeProxy("http") as proxy:
        option = ["--proxy", proxy.url()]
        person = run(*(["network", *option] if behind else [*option, "network"]))
        person.sees("All is well")
        assert len(proxy.connected) == 5


# Every kind of proxy leads to Telegram


@pytest.mark.parametrize(
    ("kind", "user", "password"),
    [("socks5", "", ""), ("socks5", "ann", "p@ss:w/d"), ("socks4", "", ""), ("socks4", "ann", ""),
     ("http", "", ""), ("http", "ann", "p@ss:w/d")],
)  # fmt: skip
def test_telegram_is_reached_through_every_kind_of_proxy(run: Run, kind: str, user: str, password: str) -> None:
    with PracticeProxy(kind, user=user, password=password) as proxy:
        login = ":".join(urllib.parse.quote(part, safe="") for part in (user, password) if part)
        person = run("network", env={"TELEGRAM_PROXY": proxy.url(login=login)})
        person.sees("All is well")
        assert len(proxy.connected) == 5
        person.answers("Press Enter to exit", "")
        person.exits(0)


@pytest.mark.parametrize("padded", [False, True])
def test_telegram_is_reached_through_an_mtproxy(telegram: PracticeTelegram, run: Run, padded: bool) -> None:
    port = telegram.open_mtproxy(SECRET)
    secret = "dd" * padded + SECRET.hex()
    person = run("network", env={"TELEGRAM_PROXY": f"tg://proxy?server=127.0.0.1&port={port}&secret={secret}"})
    person.sees("All is well")


@pytest.mark.parametrize("kind", ["mtproxy", "mtproxy with padding", "socks5"])
def test_who_is_turned_away_by_telegram_itself_is_not_told_that_the_proxy_is_wrong(
    telegram: PracticeTelegram, run: Run, kind: str
) -> None:
    telegram.faults.add("req_pq", "transport", code=-429)
    with PracticeProxy("socks5") as proxy:
        secret = "dd" * kind.endswith("padding") + SECRET.hex()
        link = f"tg://proxy?server=127.0.0.1&port={telegram.open_mtproxy(SECRET)}&secret={secret}"
        person = run("network", env={"TELEGRAM_PROXY": proxy.url() if kind == "socks5" else link})
        person.sees("Telegram turns connections from this address away for now (transport error -429).")
        person.answers("Press Enter to exit", "")
        person.exits(1)


# Each way a proxy fails has its own answer, in time


def dead_port() -> int:
    """A port on which nothing listens."""
    with PracticeProxy("http") as proxy:
        return proxy.port


FAILURES = [
    # what the proxy is, how it misbehaves, the address that was given (%d: its port), the answer, seconds at most
    ("socks5", "deaf", "socks5://127.0.0.1:%d", "says nothing", 12),
    ("socks5", "closing", "socks5://127.0.0.1:%d", "hung up without a word", 3),
    ("socks5", "refusing", "socks5://127.0.0.1:%d", "refuses to connect to Telegram (a rule forbids it)", 3),
    ("socks5", "full", "socks5://127.0.0.1:%d", "hung up without a word", 3),
    ("socks5", "mute", "socks5://127.0.0.1:%d", "Telegram does not answer behind it", 12),
    ("socks5", "login", "socks5://127.0.0.1:%d", "wants a user and a password", 3),
    ("socks5", "login", "socks5://ann:wrong@127.0.0.1:%d", "does not accept this user and password", 3),
    ("socks4", "refusing", "socks4://127.0.0.1:%d", "refuses to connect to Telegram", 3),
    ("socks4", "login", "socks4://127.0.0.1:%d", "wants a user and a password", 3),
    ("socks4", "login", "socks4://bob@127.0.0.1:%d", "does not accept this user and password", 3),
    ("http", "refusing", "http://127.0.0.1:%d", "refuses to connect to Telegram (403 Forbidden)", 3),
    ("http", "endless", "http://127.0.0.1:%d", "What answers there is not a web (HTTP) proxy", 3),
    ("http", "login", "http://127.0.0.1:%d", "wants a user and a password", 3),
    ("http", "login", "http://ann:wrong@127.0.0.1:%d", "does not accept this user and password", 3),
    ("http", "", "socks5://127.0.0.1:%d", "This is a web (HTTP) proxy, not a SOCKS5 proxy", 3),
    ("http", "", "socks4://127.0.0.1:%d", "This is a web (HTTP) proxy, not a SOCKS4 proxy", 3),
    ("socks4", "", "socks5://127.0.0.1:%d", "This is a SOCKS4 proxy, not a SOCKS5 proxy", 12),  # it waits for more
    ("socks5", "", "http://127.0.0.1:%d", "This is a SOCKS5 proxy, not a web (HTTP) proxy", 3),
    ("socks5", "login", "http://127.0.0.1:%d", "This is a SOCKS5 proxy, not a web (HTTP) proxy", 3),
]


@pytest.mark.parametrize(("kind", "misbehaves", "address", "answer", "seconds"), FAILURES)
def test_each_way_a_proxy_fails_has_its_own_answer(
    run: Run, kind: str, misbehaves: str, address: str, answer: str, seconds: float
) -> None:
    login = {"user": "ann", "password": "" if kind == "socks4" else "s3cret"} if misbehaves == "login" else {}
    with PracticeProxy(kind, misbehaves="" if login else misbehaves, **login) as proxy:
        person = run("network", env={"TELEGRAM_PROXY": address % proxy.port})
        person.sees("all at once")
        sees_in_time(person, answer, seconds)
        person.is_asked("Press Enter to exit")
        person.types("")
        person.exits(1)
        person.does_not_see("Traceback")


def test_a_proxy_that_is_gone_is_called_gone(run: Run) -> None:
    person = run("network", env={"TELEGRAM_PROXY": f"socks5://127.0.0.1:{dead_port()}"})
    person.sees("The proxy cannot be reached: the computer is there, but nothing listens on that port.")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_name_that_does_not_exist_is_called_that() -> None:
    # No practice run may look a name up, so this stays inside: a name with an empty part is refused without asking.
    diagnosis = script.diagnose(script.Proxy("socks5", "no..such.name", 1080))
    assert diagnosis.verdict is not None
    assert diagnosis.verdict.name == "ProxyName"
    assert "no..such.name" in diagnosis.verdict.title


def test_what_a_hostile_proxy_says_stays_a_quotation() -> None:
    class Visit(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 403 no\n- {reason}\n- \x1b[2J" + b"x" * 500 + b"\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Visit) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        problem = script.diagnose(script.Proxy("http", "127.0.0.1", server.server_address[1])).verdict
        server.shutdown()
    assert problem is not None and problem.name == "ProxyRefuses"
    assert "403 no - {reason}" in problem.title and len(problem.title) < 140
    assert problem.steps == script.network_problem("ProxyRefuses", proxy="", said="").steps


@pytest.mark.parametrize("secret", ["00" * 16, "dd" + "00" * 16])
def test_a_wrong_secret_is_named(telegram: PracticeTelegram, run: Run, secret: str) -> None:
    port = telegram.open_mtproxy(SECRET)
    person = run("network", env={"TELEGRAM_PROXY": f"tg://proxy?server=127.0.0.1&port={port}&secret={secret}"})
    person.sees("its secret is probably wrong")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_socks_proxy_that_was_called_an_mtproxy_is_recognised(run: Run) -> None:
    with PracticeProxy("socks5") as proxy:
        link = f"tg://proxy?server=127.0.0.1&port={proxy.port}&secret={SECRET.hex()}"
        person = run("network", env={"TELEGRAM_PROXY": link})
        person.sees("This is a SOCKS5 proxy, not an MTProxy")
        person.sees(f"Use socks5://127.0.0.1:{proxy.port}")


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_a_proxy_that_wants_a_login_is_shown_with_one_in_its_own_address(run: Run, kind: str) -> None:
    with PracticeProxy(kind, user="ann", password="secret") as proxy:
        person = run("network", env={"TELEGRAM_PROXY": proxy.url(login="")})
        person.sees(f"Add them to the address: {kind}://user:password@host:port.")


@pytest.mark.parametrize("address", ["socks5://ann:1234#5@127.0.0.1:1080", "http://ann:99/s?x@proxy.example:3128"])
def test_a_password_with_a_sign_of_links_in_it_is_no_host(address: str) -> None:
    with pytest.raises(script.Problem) as raised:
        script.parse_proxy(address)
    assert "has to be written as %2F, %3F or %23" in raised.value.title
