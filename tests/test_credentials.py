"""Step 1: what people paste as API ID and API hash, and what they are told when it cannot be right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers import terminal
from .helpers.terminal import Person

ROOT = Path(__file__).resolve().parents[1]
HASH = "5f3a9c0e71d84b26a0c9e1f47d2b6835"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx"


def refusal(text: str, wanted: str) -> str:
    with pytest.raises(script.Problem) as raised:
        script.parse_credentials(text, wanted)
    return f"{raised.value.title} {raised.value.meaning}"


# ── what is understood ──


@pytest.mark.parametrize(
    "pasted",
    [
        "7654321",
        "  7654321  ",
        "'7654321'",
        "“7654321”",
        "api_id = 7654321",
        "api_id=7654321,",
        "App api_id: 7654321",
        "App api_id:\t7654321",
        "API ID 7654321",
        "TELEGRAM_API_ID=7654321",
        'export TELEGRAM_API_ID="7654321"',
        "set TG_API_ID=7654321",
        '"api_id": 7654321,',
        '  "apiId" : "7654321"',
        "app_id: 7654321",
        "7654321 # mine",
        "7 654 321",
        "\ufeff7654\u200b321\u200f",
        "７６５４３２１",
        "٧٦٥٤٣٢١",
        "۷۶۵۴۳۲۱",
    ],
)
def test_an_api_id_is_understood_however_it_is_pasted(pasted: str) -> None:
    assert script.parse_credentials(pasted, "API ID") == (7654321, None)


@pytest.mark.parametrize(
    "pasted",
    [
        HASH,
        HASH.upper(),
        f"'{HASH}'",
        f"api_hash = '{HASH}'",
        f"App api_hash: {HASH}",
        f"TELEGRAM_API_HASH={HASH}",
        f'export TELEGRAM_API_HASH="{HASH}"',
        f'"apiHash": "{HASH}",',
        f"\u200b{HASH[:9]}\u200d{HASH[9:]}",
        f"{HASH[:16]} {HASH[16:]}",
    ],
)
@pytest.mark.parametrize("wanted", ["API hash", "API ID"])
def test_an_api_hash_is_understood_at_either_prompt(pasted: str, wanted: str) -> None:
    assert script.parse_credentials(pasted, wanted) == (None, HASH)


@pytest.mark.parametrize(
    "pasted",
    [
        f"api_id = 7654321 api_hash = '{HASH}'",
        f"App api_id: 7654321 App api_hash: {HASH}",
        f"api_hash={HASH} api_id=7654321",
        f'{{"api_id": 7654321, "api_hash": "{HASH}"}}',
        f"7654321:{HASH}",
        f"7654321 {HASH}",
        f"{HASH}, 7654321",
        f"client = TelegramClient('anon', 7654321, '{HASH}')",
    ],
)
@pytest.mark.parametrize("wanted", ["API hash", "API ID"])
def test_both_values_in_one_paste_are_found_at_either_prompt(pasted: str, wanted: str) -> None:
    assert script.parse_credentials(pasted, wanted) == (7654321, HASH)


@pytest.mark.parametrize("line", ["App api_id:", "App api_hash:", "{", "}", '"api_id":'])
def test_a_line_that_only_names_the_value_is_passed_over(line: str) -> None:
    """my.telegram.org shows the name on one line and the value on the next; both get pasted."""
    assert script.parse_credentials(line, "API ID") == (None, None)


def test_the_api_id_line_at_the_prompt_for_the_hash_is_taken_as_the_api_id() -> None:
    assert script.parse_credentials("api_id = 7654321", "API hash") == (7654321, None)


# ── what is refused, and why ──


@pytest.mark.parametrize(
    "example", ["12345", "1234567", "api_id = 12345", "your_api_id", "YOUR_API_ID", "<your api id>"]
)
def test_an_api_id_from_a_manual_is_recognised(example: str) -> None:
    assert "example, not your API ID" in refusal(example, "API ID")


@pytest.mark.parametrize(
    "example",
    [
        "0123456789abcdef0123456789abcdef",
        "0123456789ABCDEF0123456789ABCDEF",
        "1234567890abcdef1234567890abcdef",
        "a" * 32,
        "your_api_hash",
        "api_hash = 'YOUR_API_HASH'",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "<api hash here>",
    ],
)
def test_an_api_hash_from_a_manual_is_recognised(example: str) -> None:
    assert "example, not your API hash" in refusal(example, "API hash")


@pytest.mark.parametrize("wanted", ["API ID", "API hash"])
def test_a_bot_token_is_recognised_and_told_where_it_belongs(wanted: str) -> None:
    said = refusal(TOKEN, wanted)
    assert "token of a bot" in said
    assert "Phone number" in said
    assert TOKEN[10:] not in said


@pytest.mark.parametrize("number", ["+44 7700 900123", "447700900123", "+1 (415) 555-2671", "07700 900123"])
@pytest.mark.parametrize("wanted", ["API ID", "API hash"])
def test_a_phone_number_is_recognised_and_told_where_it_belongs(number: str, wanted: str) -> None:
    said = refusal(number, wanted)
    assert "looks like a phone number" in said
    assert "step 2" in said


def test_the_number_of_a_bot_is_not_only_called_a_phone_number() -> None:
    said = refusal("5000000777", "API ID")
    assert "or the number of a bot" in said
    assert "the whole token of a bot, is asked for in step 2" in said


def test_what_was_typed_is_shown_as_it_was_typed() -> None:
    assert "You typed: 12 (3), 4x" in refusal("12 (3), 4x", "API ID")


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (HASH[:-1], "1 character is missing"),
        (HASH[:20], "12 characters are missing"),
        (HASH + "a", "1 character is too many"),
        (HASH + "abc", "3 characters are too many"),
    ],
)
@pytest.mark.parametrize("wanted", ["API ID", "API hash"])
def test_a_hash_of_the_wrong_length_is_told_by_how_much(pasted: str, said: str, wanted: str) -> None:
    assert said in refusal(pasted, wanted)


def test_a_hash_with_other_characters_is_told_which() -> None:
    assert "the letter o" in refusal(HASH[:-1] + "O", "API hash")
    assert refusal(HASH[:-1] + "z", "API hash").endswith(": z")


def test_the_api_id_at_the_prompt_for_the_hash_is_recognised() -> None:
    assert "looks like an API ID" in refusal("7654321", "API hash")


@pytest.mark.parametrize("text", ["0", "-5", "12.5", "my app", "1e5", "½"])
def test_what_is_not_a_number_is_no_api_id(text: str) -> None:
    assert "not an API ID" in refusal(text, "API ID")


@pytest.mark.parametrize("api_id", [6, 2040, 17349, 94575])
def test_keys_that_everybody_can_read_are_known(api_id: int) -> None:
    assert script.published_app(api_id)


def test_a_key_of_ones_own_is_not_taken_for_a_published_one() -> None:
    assert not any(script.published_app(api_id) for api_id in (7, 204, 20400, 7654321))


SNIPPETS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["api_id", "api_hash", "=", ":", "'", "App ", "7654321", HASH, HASH[:30], TOKEN, "+44", "\n", "\u200b"]
        ),
    ),
    max_size=8,
).map("".join)


@given(SNIPPETS, st.sampled_from(["API ID", "API hash"]))
def test_whatever_is_pasted_ends_in_values_that_can_be_right_or_a_reason(text: str, wanted: str) -> None:
    try:
        api_id, api_hash = script.parse_credentials(text, wanted)
    except script.Problem as problem:
        assert problem.title and problem.meaning
    else:
        assert api_id is None or 0 < api_id < 10**9
        assert api_hash is None or (len(api_hash) == 32 and set(api_hash) <= set("0123456789abcdef"))


# ── the conversation ──

Start = Callable[..., Person]


@pytest.fixture
def step_1(clean_env: dict[str, str]) -> Iterator[Start]:
    """Step 1 alone, in a terminal, ending with what it found."""
    if not terminal.AVAILABLE:
        pytest.skip("no pseudo-terminals on this platform")
    people: list[Person] = []

    def start(size: tuple[int, int] = (80, 24), **env: str) -> Person:
        code = "import telegram_session as script; script.take_settings(); print('found', *script.ask_credentials())"
        people.append(Person([sys.executable, "-c", code], env={**clean_env, **env}, cwd=ROOT, size=size))
        return people[-1]

    yield start
    for person in people:
        person.close()


QUESTION = "Do you already have an API ID and API hash? [Y/n]"


def test_who_has_both_types_them_and_sees_them_arrive(step_1: Start) -> None:
    person = step_1()
    person.answers(QUESTION, "")
    person.answers("API ID", "7654321")
    person.answers("API hash", HASH)
    person.sees(HASH)  # echoed: it is pasted, and must be seen to have arrived
    person.sees(f"found 7654321 {HASH}")
    person.exits(0)


def test_who_has_none_is_led_through_the_page_and_asked_then(step_1: Start) -> None:
    person = step_1()
    person.answers(QUESTION, "n")
    for landmark in (
        "1. Open https://my.telegram.org/apps",
        "App title",
        "Short name",
        "URL",
        "Platform",
        "“ERROR”",
        "VPN",
    ):
        person.sees(landmark)
    person.answers("API ID", "7654321")
    person.answers("API hash", HASH)
    person.sees(f"found 7654321 {HASH}")


def test_swapped_values_are_put_right_without_asking_for_the_hash_again(step_1: Start) -> None:
    person = step_1()
    person.answers(QUESTION, "y")
    person.answers("API ID", HASH)
    person.sees("That is the API hash; kept.")
    person.answers("API ID", "7654321")
    person.sees(f"found 7654321 {HASH}")
    person.does_not_see("API hash:")


def test_both_lines_of_the_page_pasted_at_once_answer_both_questions(step_1: Start) -> None:
    person = step_1()
    person.answers(QUESTION, "y")
    person.answers("API ID", f"App api_id:\r7654321\rApp api_hash:\r{HASH}")
    person.sees(f"found 7654321 {HASH}")
    person.does_not_see("What to do")


def test_a_wrong_answer_is_asked_again_with_the_reason(step_1: Start) -> None:
    person = step_1()
    person.answers(QUESTION, "y")
    person.answers("API ID", "")
    person.sees("Nothing arrived.")
    person.answers("API ID", "12345")
    person.sees("12345 is an example, not your API ID.")
    person.answers("API ID", "7654321")
    person.answers("API hash", HASH[:-2])
    person.sees("2 characters are missing")
    person.answers("API hash", HASH)
    person.sees(f"found 7654321 {HASH}")


def test_values_from_the_environment_are_used_and_said_but_the_hash_is_not_shown(step_1: Start) -> None:
    person = step_1(TELEGRAM_API_ID="7654321", TELEGRAM_API_HASH=f'"{HASH}"')
    person.sees("Using TELEGRAM_API_ID.")
    person.sees("Using TELEGRAM_API_HASH.")
    person.sees("API ID 7654321, API hash 5f3a…35 (32 characters)")
    person.sees(f"found 7654321 {HASH}")
    assert HASH not in person.transcript.partition("found")[0]
    person.does_not_see("[Y/n]")


def test_a_value_from_the_environment_that_cannot_be_right_is_said_and_asked_for(step_1: Start) -> None:
    person = step_1(TELEGRAM_API_ID="your_api_id", TELEGRAM_API_HASH=HASH)
    person.sees("TELEGRAM_API_ID is set, but cannot be used. your_api_id is an example, not your API ID.")
    person.answers("API ID", "7654321")
    person.sees(f"found 7654321 {HASH}")


def test_a_published_key_is_taken_with_a_warning(step_1: Start) -> None:
    person = step_1(TELEGRAM_API_ID="2040", TELEGRAM_API_HASH="b18441a1ff607e10a989891a5462e627")
    person.sees("2040 is not your own API ID: it is Telegram Desktop")
    person.sees("API_ID_PUBLISHED_FLOOD")
    person.sees("found 2040")


def test_the_walk_fits_a_narrow_terminal(step_1: Start) -> None:
    person = step_1(size=(40, 24), NO_COLOR="1")
    person.answers(QUESTION, "n")
    person.is_asked("API ID")
    assert max(len(line) for line in person.transcript.splitlines()[1:]) <= 40
    assert b"\x1b[3" not in person.raw
