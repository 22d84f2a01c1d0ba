"""Evidence that was kept, and what got worse since."""

import json

import pytest

from sevenstops import LabError
from sevenstops.evidence.baselines import compare, load_baseline, save
from support import made_up_evidence, made_up_metric


def document(after, **environment):
    found = made_up_metric("x_seconds", [9.0, 9.0, 9.0], after)
    where = {"cores": 2, "machine": "x", "kernel": "k", "edge": "none", "isolation": "none"}
    return {
        "schema": "sevenstops.evidence/1",
        "environment": {**where, **environment},
        "evidence": [made_up_evidence(metrics=[found])],
    }


def test_a_baseline_is_kept_and_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    save("good", document([1.0, 1.01, 1.02]))
    kept = load_baseline("good")
    assert compare(document([1.0, 1.02, 1.01]), kept) == []
    worse = compare(document([1.3, 1.31, 1.32]), kept)
    assert worse == [("accept", "accept-queue-overflow: x_seconds was 1.01 s and is 1.31 s")]
    with pytest.raises(LabError, match=r"another machine \(cores 2 then and 8 now\)"):
        compare(document([1.0, 1.0, 1.0], cores=8), kept)
    assert compare(document([1.0, 1.0, 1.0], cores=8), kept, force=True) == []
    with pytest.raises(LabError, match="letters, digits"):
        save("../x", document([1.0, 1.0, 1.0]))
    with pytest.raises(LabError, match="cannot be read"):
        load_baseline("none")
    (tmp_path / "x.json").write_text(json.dumps({"schema": "other"}))
    with pytest.raises(LabError, match="is not evidence"):
        load_baseline(str(tmp_path / "x.json"))


def test_a_look_is_no_baseline():
    plain = {"environment": {}, "evidence": [made_up_evidence()]}
    look = {"environment": {}, "evidence": [made_up_evidence(altered=True)]}
    with pytest.raises(LabError, match="the baseline is a look"):
        compare(plain, look)
    with pytest.raises(LabError, match="the new evidence is a look"):
        compare(look, plain)
