"""Files are whole or not there."""

import errno
import os

import pytest

from sevenstops import LabError
from sevenstops.evidence.files import make_folder, require_writable, write_json, write_whole


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "x.json"
    write_whole(path, "old")
    write_json(path, {"a": 1})
    assert path.read_text() == '{\n "a": 1\n}\n'
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_what_can_not_be_written_is_said_before_the_work(tmp_path):
    require_writable(tmp_path / "new")
    for path in (tmp_path, tmp_path / "no" / "where"):
        with pytest.raises(LabError, match="cannot be written"):
            require_writable(path)
    with pytest.raises(LabError, match="cannot be written"):
        write_whole(tmp_path / "no" / "where", "")


def test_a_folder_is_made_with_its_parents(tmp_path):
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="cannot be made"):
        make_folder(tmp_path / "file")


def test_a_write_that_fails_leaves_nothing_beside_the_file(tmp_path, monkeypatch):
    def full(old, new):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "report.md"
    path.write_text("what was there")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(LabError, match=r"report.md cannot be written: No space left"):
        write_whole(path, "new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "what was there"
