"""Assertions on evidence say what to do."""

import pytest

from sevenstops.evidence.checks import CheckedEvidence
from support import made_up_evidence


def test_the_message_says_what_to_do_first():
    with pytest.raises(AssertionError) as failed:
        CheckedEvidence(made_up_evidence()).assert_fixed()
    message = str(failed.value)
    assert message.startswith("accept: accept-queue-overflow is not fixed, since x_seconds after")
    assert "x_seconds: 3.10 s before, 2.10 s after, 3 of 3 runs, 1.5 to 1.5 × lower;" in message
    assert "first diagnostic: ss -ltnmi" in message
    with pytest.raises(AssertionError, match="worse than the baseline: it was better"):
        CheckedEvidence(made_up_evidence(verdict="fixed"), ("it was better",)).assert_fixed()
    CheckedEvidence(made_up_evidence(verdict="fixed")).assert_fixed()
