"""The registry of experiments, and runs in a child interpreter."""

import jsonschema
import pytest

from sevenstops import LabError, experiments
from sevenstops.evidence.documents import schema

pytestmark = pytest.mark.alone


def test_a_child_interpreter_brings_its_evidence_back():
    document = experiments.run("shadowed-route", edge="none", rounds=1)
    jsonschema.validate(document, schema("evidence-1"))
    assert [e["failure"] for e in document["evidence"]] == ["shadowed-route"]
    assert document["environment"]["edge"] == "none"


def test_a_child_interpreter_brings_its_sentence_back():
    with pytest.raises(LabError, match="unknown stop 'nosuch'"):
        experiments.run("nosuch")
    with pytest.raises(LabError, match="unknown edge 'squid'"):
        experiments.run("route", edge="squid")
