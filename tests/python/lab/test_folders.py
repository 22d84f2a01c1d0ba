"""Temporary folders go with their owners."""

import os

from sevenstops.lab import folders


def test_a_run_removes_what_a_killed_one_left(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))
    held = folders.OwnedFolder("nginx")
    abandoned = tmp_path / "sevenstops-nginx-abandoned"
    abandoned.mkdir()
    for folder in (held.path, abandoned):
        os.utime(folder, (0, 0))
    folders.OwnedFolder("nginx").remove()
    assert held.path.exists()
    assert not abandoned.exists()
    held.remove()
    assert not held.path.exists()
