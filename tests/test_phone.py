"""Step 2: phone numbers as people write them, and the table of calling codes against the `phonenumbers` library."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

import telegram_session as script

from .helpers import terminal
from .helpers.terminal import Person

ROOT = Path(__file__).resolve().parents[1]
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
WRONG_LENGTH = (ValidationResult.TOO_SHORT, ValidationResult.TOO_LONG, ValidationResult.INVALID_LENGTH)
TOKEN = "5000000777:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8"


def refusal(text: str) -> str:
    with pytest.raises(script.Problem) as raised:
        script.parse_phone(text)
    problem = raised.value
    return " ".join([problem.title, problem.meaning, *problem.steps])


def accepted(text: str) -> str:
    """The number that the script makes of it, or nothing."""
    try:
        return str(script.parse_phone(text).e164)
    except script.Problem:
        return ""


# ── what is understood ──


@pytest.mark.parametrize(
    "written",
    [
        "+447700900123",
        "+44 7700 900123",
        "  +44 (7700) 900-123 ",
        "+44.7700.900.123",
        "+44 7700/900123",
        "+44–7700—900−123",
        "+44\u00a07700\u202f900123",
        "0044 7700 900123",
        "+0044 7700 900123",
        "0011 44 7700 900123",
        "tel:+44-7700-900123",
        "Phone: +44 7700 900123",
        "TELEGRAM_PHONE=+447700900123",
        'export TELEGRAM_PHONE="+447700900123"',
        "'+447700900123',",
        "＋４４ ７７００ ９００１２３",
        "﹢44 7700 900123",
        "+٤٤ ٧٧٠٠ ٩٠٠١٢٣",
        "+۴۴ ۷۷۰۰ ۹۰۰۱۲۳",
        "+४४ ७७०० ९००१२३",
        "\u202a+44\u200b7700\u200e900123\u202c",
        "447700900123+",
        "+44 (0)7700 900123",
        "+44 07700 900123",
    ],
)
def test_a_number_with_its_country_code_is_understood_however_it_is_written(written: str) -> None:
    number = script.parse_phone(written)
    assert (number.e164, number.formatted, number.country, number.assumed) == (
        "+447700900123",
        "+44 7700 900123",
        "United Kingdom",
        False,
    )


@pytest.mark.parametrize(
    ("written", "e164", "left_out"),
    [
        ("+44 (0) 7700 900123", "+447700900123", "0"),
        ("+44 00 7700 900123", "+447700900123", "00"),
        ("+49 0151 12345678", "+4915112345678", "0"),
        ("+7 8 912 345 67 89", "+79123456789", "8"),
        ("+36 06 20 123 4567", "+36201234567", "06"),
        ("+375 8 029 491 19 11", "+375294911911", "80"),
        ("+52 1 55 1234 5678", "+525512345678", "1"),
        ("+1 1 415 555 2671", "+14155552671", "1"),
    ],
)
def test_what_is_only_dialled_inside_the_country_is_left_out_and_said(written: str, e164: str, left_out: str) -> None:
    number = script.parse_phone(written)
    assert number.e164 == e164
    assert f"Left out the {left_out} after" in number.notes[0]


@pytest.mark.parametrize(
    "written", ["+39 06 6982 1234", "+225 01 23 45 6789", "+242 06 123 4567", "+229 01 95 12 34 56"]
)
def test_a_zero_that_belongs_to_the_number_stays(written: str) -> None:
    number = script.parse_phone(written)
    assert number.e164 == written.replace(" ", "")
    assert not number.notes


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("447700900123", "+447700900123"),
        ("5511961234567", "+5511961234567"),
        ("011 44 7700 900123", "+447700900123"),
        ("8 10 44 7700 900123", "+447700900123"),
        ("8 912 345 67 89", "+79123456789"),
        ("8 (771) 000-99-98", "+77710009998"),
    ],
)
def test_a_number_that_begins_with_its_country_code_without_a_sign_is_understood_and_to_be_asked_about(
    written: str, e164: str
) -> None:
    number = script.parse_phone(written)
    assert (number.e164, number.assumed, bool(number.notes)) == (e164, True, True)


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("+1 212 555 0123", "United States"),
        ("+1 416 555 0123", "Canada"),
        ("+1 876 210 1234", "Jamaica"),
        ("+1 829 555 0123", "Dominican Republic"),
        ("+7 912 345 67 89", "Russia"),
        ("+7 701 123 45 67", "Kazakhstan"),
        ("+44 7781 123456", "Guernsey"),
        ("+44 7797 712345", "Jersey"),
        ("+44 7624 123456", "Isle of Man"),
        ("+39 312 345 6789", "Italy"),
        ("+39 06 698 12345", "Vatican City"),
        ("+358 18 123456", "Åland Islands"),
        ("+212 5288 12345", "Western Sahara"),
        ("+262 639 01 23 45", "Mayotte"),
        ("+262 692 12 34 56", "Réunion"),
        ("+599 9 518 1234", "Curaçao"),
        ("+599 318 1234", "Sint Eustatius"),
        ("+47 79 12 34 56", "Svalbard and Jan Mayen"),
        ("+61 8 9162 1234", "Cocos Islands"),
        ("+61 412 345 678", "Australia"),
        ("+672 3 81234", "Norfolk Island"),
        ("+886 912 345 678", "Taiwan"),
        ("+881 612 345 678", "Iridium satellite phone"),
    ],
)
def test_the_country_is_named_also_where_several_share_a_code(written: str, country: str) -> None:
    assert script.parse_phone(written).country == country


@pytest.mark.parametrize(
    ("written", "formatted"),
    [
        ("+888 0123 4567", "+888 0123 4567"),
        ("+8888888", "+888 8888"),
        ("+9996621234", "+99966 2 1234"),
    ],
)
def test_numbers_that_only_telegram_knows_pass(written: str, formatted: str) -> None:
    assert script.parse_phone(written).formatted == formatted


def test_an_argentine_number_without_its_nine_is_taken_with_a_word_about_it() -> None:
    assert script.parse_phone("+54 9 11 2345 6789").notes == ()
    assert "+54 9 11" in script.parse_phone("+54 11 2345 6789").notes[0]


# ── what is refused, and why ──


@pytest.mark.parametrize("written", ["07700 900123", "0151 12345678", "+07700 900123", "(0) 30 1234567", "9161234567"])
def test_a_missing_country_code_is_explained_with_an_example(written: str) -> None:
    said = refusal(written)
    assert "country code is missing" in said
    assert "+44 7700 900123" in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "+44 7700 90012",
            "too short for +44 (United Kingdom). After +44 come 10 digits, like +44 XXXX XXXXXX; here are 9",
        ),
        ("+44 7700 9001234", "too long for +44 (United Kingdom)"),
        ("+49 151 1234567890", "come 10 or 11 digits"),
        ("+43 664 123", "come 7 to 13 digits"),
        ("+220 301 23 456", "not complete"),
        ("0044 7700 90012", "too short for +44"),
        ("+1 876 210 123", "too short for +1 (Jamaica)"),
        ("+888 12345", "+888"),
        ("+54 11 15 2345 6789", "9 after +54 and no 15"),
        ("44 7700 90012", "too short for +44"),
    ],
)
def test_a_wrong_length_is_told_with_the_right_one(written: str, said: str) -> None:
    assert said in refusal(written)


def test_who_insists_gets_a_number_of_another_length_through() -> None:
    """Numbering plans change, and a table ages: nobody may be locked out by it."""
    assert script.parse_phone("+44 7700 90012", any_length=True).e164 == "+44770090012"
    with pytest.raises(script.Problem):
        script.parse_phone("+44 7", any_length=True)
    with pytest.raises(script.Problem):
        script.parse_phone("+44 7700 90012 34567 8", any_length=True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("+44 77OO 9OO123", "letter O meant to be a zero"),
        ("call me", "only digits"),
        ("+44 7700 900123 ext 5", "only digits"),
        ("+44 7700 900123 +49 151 12345678", "in the middle"),
        ("+210 1234567", "No country has the calling code +210"),
        ("+800 1234 5678", "freephone"),
        ("+379 06 698 12345", "+39 06 698"),
        ("@durov", "username"),
        ("me@example.org", "e-mail"),
        ("5f3a9c0e71d84b26a0c9e1f47d2b6835", "API hash"),
        ("1BVtsOK8Bu" * 35, "session string"),
        ("+", "no number"),
        ("", "no number"),
        ("½", "only digits"),
    ],
)
def test_what_is_no_phone_number_is_told_why(written: str, said: str) -> None:
    assert said in refusal(written)


# ── the other answers to the same question ──


@pytest.mark.parametrize("answer", ["qr", "QR", " qr ", "'qr'", "qr code", "--qr", "ｑｒ"])
def test_qr_is_understood(answer: str) -> None:
    assert isinstance(script.parse_phone_answer(answer), script.WantsQr)


@pytest.mark.parametrize(
    "answer", [TOKEN, f"BOT_TOKEN={TOKEN}", f"'{TOKEN}'", f"https://api.telegram.org/bot{TOKEN}/getMe"]
)
def test_a_bot_token_is_understood(answer: str) -> None:
    found = script.parse_phone_answer(answer)
    assert isinstance(found, script.BotToken)
    assert (found.token, found.bot_id) == (TOKEN, 5000000777)


def test_a_cut_bot_token_without_its_usual_letters_is_no_phone_number() -> None:
    with pytest.raises(script.Problem) as raised:
        script.parse_phone_answer("5000000777:BQGpracticebotpracticebotpractice"[:43])
    assert "not a whole bot token" in raised.value.title


def test_a_bot_token_that_is_cut_off_is_told_by_how_much() -> None:
    with pytest.raises(script.Problem) as raised:
        script.parse_phone_answer(TOKEN[:-5])
    assert "not a whole bot token" in raised.value.title
    assert "come 35 characters, and here are 30" in raised.value.meaning


# ── the table ──


def test_every_assigned_calling_code_has_a_row_that_can_be_read() -> None:
    codes = script.calling_codes()
    assert {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE} <= codes.keys() | {"672"}
    assert {"6721", "6723"} <= codes.keys()
    for row in codes.values():
        assert row.country and (not row.lengths or row.shape.count("X") in row.lengths), row


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_example_mobile_number_of_every_region_is_accepted(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    example = example or phonenumbers.example_number(region)  # Tristan da Cunha has no mobile telephones
    e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966):
        assert accepted(phonenumbers.format_number(example, form)) == e164


def random_numbers(rng: random.Random, each: int) -> Iterator[str]:
    """Any digits, 1 to 16 of them, after every calling code but +888, where Telegram has a plan of its own."""
    for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.keys() - {888}):
        for _ in range(each):
            yield f"+{code}" + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 16)))


def test_numbers_of_an_impossible_length_are_refused() -> None:
    impossible = []
    for text in random_numbers(random.Random(2), each=60):
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            impossible.append(text)
        else:
            if phonenumbers.is_possible_number_with_reason(number) in WRONG_LENGTH:
                impossible.append(text)
    assert len(impossible) > 8000
    slipped = [text for text in impossible if accepted(text)]
    assert len(slipped) <= len(impossible) / 100, slipped


def test_no_valid_mobile_number_is_refused_or_changed() -> None:
    rng = random.Random(3)
    valid = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"TA"}):
        mobile = phonenumbers.PhoneMetadata.metadata_for_region(region).mobile
        for _ in range(60):
            digits = mobile.example_number[: rng.randint(1, 4)] + "".join(rng.choice("0123456789") for _ in range(13))
            digits = digits[: rng.choice(mobile.possible_length)]
            number = phonenumbers.parse(f"+{phonenumbers.country_code_for_region(region)}{digits}")
            if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in MOBILE:
                valid += 1
                e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
                assert accepted(e164) == e164
    assert valid > 5000


WRITTEN = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.text("0123456789 +-()", max_size=16),
        st.sampled_from(["+", "00", "011", "+44 7700 900123", "0", "tel:", "\u200f", "٤", TOKEN, "qr", ":AA"]),
    ),
    max_size=6,
).map("".join)


@given(WRITTEN, st.booleans())
def test_whatever_is_typed_ends_in_an_answer_or_a_reason(text: str, any_length: bool) -> None:
    try:
        found = script.parse_phone_answer(text, any_length)
    except script.Problem as problem:
        assert problem.title and problem.meaning
    else:
        if isinstance(found, script.PhoneNumber):
            assert found.e164 == "+" + "".join(filter(str.isdecimal, found.formatted))
            assert 6 <= len(found.e164) <= 16 and found.e164.isascii()
            assert script.parse_phone(found.e164, any_length).e164 == found.e164


# ── the conversation ──

Start = Callable[..., Person]


@pytest.fixture
def step_2(clean_env: dict[str, str]) -> Iterator[Start]:
    """Step 2 alone, in a terminal, ending with what it found."""
    if not terminal.AVAILABLE:
        pytest.skip("no pseudo-terminals on this platform")
    people: list[Person] = []

    def start(size: tuple[int, int] = (80, 24), **env: str) -> Person:
        code = (
            "import telegram_session as script; script.take_settings(); found = script.ask_phone()\n"
            "print('found', getattr(found, 'e164', type(found).__name__))"
        )
        people.append(Person([sys.executable, "-c", code], env={**clean_env, **env}, cwd=ROOT, size=size))
        return people[-1]

    yield start
    for person in people:
        person.close()


def test_a_good_number_is_shown_with_its_country_and_nothing_more_is_asked(step_2: Start) -> None:
    person = step_2()
    person.answers("Phone number", "+44 (0) 7700-900123")
    person.sees("Left out the 0 after +44")
    person.sees("✓ +44 7700 900123 – United Kingdom")
    person.sees("found +447700900123")
    person.exits(0)


def test_a_number_without_a_sign_is_asked_about(step_2: Start) -> None:
    person = step_2()
    person.answers("Phone number", "64 21 234 5678")
    person.sees("+64 21 234 5678 – New Zealand")
    person.answers("Is this the number? [Y/n]", "n")
    person.answers("Phone number", "447700900123")
    person.answers("Is this the number? [Y/n]", "")
    person.sees("found +447700900123")


def test_a_wrong_number_is_asked_again_and_taken_when_it_is_typed_once_more(step_2: Start) -> None:
    person = step_2()
    person.answers("Phone number", "")
    person.sees("Nothing arrived.")
    person.answers("Phone number", "07700 900123")
    person.sees("The country code is missing.")
    person.answers("Phone number", "+44 7700 90012")
    person.sees("too short for +44 (United Kingdom)")
    person.answers("Phone number", "+44 7700 90012")
    person.sees("found +44770090012")


def test_qr_and_bot_tokens_are_taken_at_the_same_prompt(step_2: Start) -> None:
    person = step_2()
    person.answers("Phone number", "qr")
    person.sees("found WantsQr")
    person = step_2()
    person.answers("Phone number", TOKEN)
    person.sees("The token of bot 5000000777")
    person.sees("found BotToken")


def test_the_number_from_the_environment_is_used_and_said(step_2: Start) -> None:
    person = step_2(TELEGRAM_PHONE="447700900123")
    person.sees("Using TELEGRAM_PHONE.")
    person.sees("+44 7700 900123 – United Kingdom")
    person.sees("found +447700900123")


def test_a_number_from_the_environment_that_cannot_be_right_is_said_and_asked_for(step_2: Start) -> None:
    person = step_2(TELEGRAM_PHONE="+44 77")
    person.sees("TELEGRAM_PHONE is set, but cannot be used. That number is too short for +44 (United Kingdom).")
    person.answers("Phone number", "+44 7700 900123")
    person.sees("found +447700900123")


def test_an_explanation_fits_a_narrow_terminal(step_2: Start) -> None:
    person = step_2(size=(40, 24), NO_COLOR="1")
    person.answers("Phone number", "+54 11 15 2345 6789")
    person.is_asked("Phone number")
    assert max(map(len, person.transcript.splitlines())) <= 40
    assert b"\x1b[3" not in person.raw
