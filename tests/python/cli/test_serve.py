"""`sevenstops serve`: where the token of protected routes comes from."""

import pytest

from sevenstops import LabError
from sevenstops.cli.serve import token_from
from sevenstops.lab.service import TOKEN_VARIABLE


def test_a_file_is_asked_before_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    monkeypatch.setenv(TOKEN_VARIABLE, "of-the-environment")
    assert token_from(file) == "of-the-file"
    assert token_from(None) == "of-the-environment"
    monkeypatch.setenv(TOKEN_VARIABLE, "")
    assert token_from(None) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"two\nlines", b"\xff", "ü".encode()]
)
def test_a_file_holds_one_token_or_is_refused_in_one_sentence(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(LabError) as refused:
        token_from(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(LabError, match="can't be read"):
        token_from(tmp_path / "none")
