"""The file of tokens: what its lines mean, and what happens when it cannot be read any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.rpc.tokens import Scope, Tokens

TOKEN = "a-token-of-20-signs#"


def test_a_number_sign_begins_a_comment_only_at_the_beginning_of_a_word(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# a comment\n{TOKEN} read # another\n  # {TOKEN}2\n")
    tokens = Tokens(str(file))
    assert tokens.admit(f"Bearer {TOKEN}") == Scope(reading=True)
    assert tokens.admit(f"Bearer {TOKEN}2") is None
    assert tokens.admit(f"Bearer {TOKEN[:-1]}") is None


def test_the_log_says_once_that_the_tokens_of_a_deleted_file_stay_valid(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "tokens"
    file.write_text(TOKEN)
    tokens = Tokens(str(file))
    file.unlink()
    for _ in range(3):
        assert tokens.admit(f"Bearer {TOKEN}") == Scope()
    (record,) = caplog.records
    assert (record.levelname, "stay valid" in record.message) == ("ERROR", True)
    file.write_text(f"{TOKEN}new")
    assert tokens.admit(f"Bearer {TOKEN}") is None
    file.unlink()
    assert tokens.admit(f"Bearer {TOKEN}new") == Scope()
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2
