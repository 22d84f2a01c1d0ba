"""Documents keep their contracts, old ones too."""

import copy
from pathlib import Path

import jsonschema
import pytest

from sevenstops import LabError
from sevenstops.evidence.documents import merged, read_evidence, schema
from support import document_of_every_failure

KEPT = Path(__file__).parents[3] / "reports" / "nginx-2-cores" / "evidence.json"


def test_a_document_with_lessons_and_diagnostics_keeps_the_contract():
    document = document_of_every_failure()
    jsonschema.validate(document, schema("evidence-1"))
    assert all(e["lesson"] and e["diagnostics"] for e in document["evidence"])


def test_a_document_without_them_does_as_well():
    document = copy.deepcopy(document_of_every_failure())
    for evidence in document["evidence"]:
        del evidence["lesson"], evidence["diagnostics"]
    jsonschema.validate(document, schema("evidence-1"))
    jsonschema.validate(read_evidence(KEPT), schema("evidence-1"))


def test_documents_are_merged_in_their_order():
    one = {"environment": {"cores": 2}, "evidence": [1]}
    assert merged([one, {**one, "evidence": [2, 3]}])["evidence"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "is not JSON"), ("[]", "is not evidence"), ("{}", "not evidence")]
)
def test_another_file_is_one_sentence(tmp_path, text, sentence):
    file = tmp_path / "e.json"
    file.write_text(text)
    with pytest.raises(LabError, match=sentence):
        read_evidence(file)
