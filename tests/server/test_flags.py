"""The server's flags: their texts are read as they are written, or refused."""

from __future__ import annotations

import argparse

import pytest

from server.__main__ import parse
from server.config import Settings
from server.flags import as_bytes, as_count, as_port, as_seconds, as_text


@pytest.mark.parametrize("text", ["5_0", " 50", "50 ", "٥٠", "5O", "", "nan", "inf", "0x50", "5e1"])
def test_a_whole_number_is_written_in_digits_only(text: str) -> None:
    for convert in (as_port, as_count):
        with pytest.raises(argparse.ArgumentTypeError, match="must be a"):
            convert(text)


@pytest.mark.parametrize("text", ["5_0", " 0.5", "٥", "", "nan", "inf", "0", "-1"])
def test_a_number_of_seconds_is_a_plain_number_above_0(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="a number of seconds above 0"):
        as_seconds(text)


def test_numbers_within_their_bounds_are_accepted() -> None:
    assert [as_port("0"), as_port("65535"), as_count("1"), as_bytes("1024")] == [0, 65535, 1, 1024]
    assert [as_seconds("5e-1"), as_seconds("30")] == [0.5, 30.0]


def test_a_text_is_not_empty() -> None:
    """An unset variable of a shell does not start a server without its tokens, its data or TLS."""
    assert as_text("tokens.txt") == "tokens.txt"
    assert parse([]) == Settings()
    with pytest.raises(argparse.ArgumentTypeError, match="must not be empty"):
        as_text("")
    for flag in ("--token-file", "--data-dir", "--tls-cert", "--tls-key", "--tls-ca", "--host", "--store"):
        with pytest.raises(SystemExit):
            parse([f"{flag}="])
