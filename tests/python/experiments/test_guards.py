"""Guards see what a harmful fix does to users whom the symptom says nothing of."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from sevenstops.evidence.metrics import Censored
from sevenstops.evidence.runs import Run
from sevenstops.experiments import experiment_named
from sevenstops.lab.environment import Lab
from sevenstops.loading.running import run_plan

# A run before, and one after a fix that does no harm.
RECORDED = {
    "silent-connections": (
        {"requests_failed_ratio": 1.0, "late_speakers_cut": 15, "kept_requests_unanswered": 60,
         "kept_connections_closed_ratio": 0.0},
        {"requests_failed_ratio": 0.0, "late_speakers_cut": 0, "kept_requests_unanswered": 0,
         "kept_connections_closed_ratio": 0.0},
    ),
    "one-accept-per-wake-up": (
        {"newcomers_unanswered_ratio": 0.99, "wrong_answers": 0, "pipeliners_bytes": 13_479_916,
         "pipeliners_refused": 0},
        {"newcomers_unanswered_ratio": 0.0, "wrong_answers": 0, "pipeliners_bytes": 12_796_056,
         "pipeliners_refused": 0},
    ),
    "error-boundary-innermost": (
        {"requests_unanswered": 56, "good_requests_failed": 0, "answers_of_another_kind": 56,
         "admin_failed_ratio": 0.36, "admin_let_in_ratio": 0.64},
        {"requests_unanswered": 0, "good_requests_failed": 0, "answers_of_another_kind": 0,
         "admin_failed_ratio": 0.36, "admin_let_in_ratio": 0.64},
    ),
    "stuck-acceptor": (
        {"newcomers_unanswered_ratio": 0.53, "connections_waiting": 132, "wrong_answers": 0,
         "kept_requests_unanswered": 32, "kept_connections_closed": 0},
        {"newcomers_unanswered_ratio": 0.0, "connections_waiting": 0, "wrong_answers": 0,
         "kept_requests_unanswered": 0, "kept_connections_closed": 0},
    ),
    "stop-without-notice": (
        {"requests_failed": 94, "wrong_answers": 0, "latency_p99_seconds": 0.025,
         "answered_by_the_other_ratio": 0.85, "stop_seconds": 0.06, "unclean_exits": 0},
        {"requests_failed": 0, "wrong_answers": 0, "latency_p99_seconds": 0.024,
         "answered_by_the_other_ratio": 0.84, "stop_seconds": 1.27, "unclean_exits": 0},
    ),
    "restart-leaves-a-gap": (
        {"requests_failed_or_late": 383, "wrong_answers": 0, "latency_p99_seconds": 0.304,
         "answered_by_the_next_ratio": 0.61, "stop_seconds": 0.37, "unclean_exits": 0},
        {"requests_failed_or_late": 0, "wrong_answers": 0, "latency_p99_seconds": 0.301,
         "answered_by_the_next_ratio": 0.79, "stop_seconds": 0.37, "unclean_exits": 0},
    ),
    "odd-spelling": (
        {"denied_path_answered": 115, "plain_path_answered": 0, "good_requests_failed": 0,
         "odd_links_refused": 0},
        {"denied_path_answered": 0, "plain_path_answered": 0, "good_requests_failed": 0,
         "odd_links_refused": 0},
    ),
    "withheld-bodies": (
        {"rss_growth_bytes": 76500992, "honest_uploads_failed": 0, "slow_uploads_failed": 0,
         "honest_bytes_missing": 0},
        {"rss_growth_bytes": 33759232, "honest_uploads_failed": 0, "slow_uploads_failed": 0,
         "honest_bytes_missing": 0},
    ),
    "rate-limit-after-work": (
        {"polite_latency_p50_seconds": 0.300287, "greedy_answer_p50_seconds": 0.300287,
         "polite_requests_failed": 17, "greedy_quota_ratio": 0.375,
         "greedy_pages_beyond_quota": 0.0},
        {"polite_latency_p50_seconds": 0.020271, "greedy_answer_p50_seconds": 0.000198,
         "polite_requests_failed": 0, "greedy_quota_ratio": 0.979,
         "greedy_pages_beyond_quota": 0.0},
    ),
    "compressing-everything": (
        {"processor_seconds_per_answer": 409e-6, "small_latency_p95_seconds": 0.0052,
         "page_bytes": 2920.0, "picture_bytes": 32_800.0, "answers_wrong": 0, "requests_failed": 0},
        {"processor_seconds_per_answer": 136e-6, "small_latency_p95_seconds": 0.0021,
         "page_bytes": 2920.0, "picture_bytes": 32_800.0, "answers_wrong": 0, "requests_failed": 0},
    ),
    "nagle-with-delayed-ack": (
        {"latency_p50_seconds": 0.0432, "exports_not_whole": 0, "connections_made": 5},
        {"latency_p50_seconds": 0.0014, "exports_not_whole": 0, "connections_made": 3},
    ),
    "idle-race": (
        {"orders_unanswered": 392, "orders_refused": 0, "wrong_answers": 0},
        {"orders_unanswered": 0, "orders_refused": 0, "wrong_answers": 0},
    ),
}  # fmt: skip

HARM = [
    ("silent-connections", {"kept_connections_closed_ratio": 2 / 3}),
    ("silent-connections", {"kept_requests_unanswered": 1}),
    ("one-accept-per-wake-up", {"pipeliners_bytes": 5_000_000}),
    ("one-accept-per-wake-up", {"pipeliners_refused": 1}),
    ("error-boundary-innermost", {"admin_failed_ratio": 0.0, "admin_let_in_ratio": 1.0}),
    ("error-boundary-innermost", {"admin_failed_ratio": 0.5, "admin_let_in_ratio": 0.5}),
    ("error-boundary-innermost", {"answers_of_another_kind": 1}),
    ("stuck-acceptor", {"kept_requests_unanswered": 1}),
    ("stuck-acceptor", {"kept_connections_closed": 1}),
    ("stuck-acceptor", {"connections_waiting": 60}),
    ("stop-without-notice", {"wrong_answers": 1}),
    ("stop-without-notice", {"latency_p99_seconds": 0.2}),
    # It goes on without an end, or ends as one that has crashed.
    ("stop-without-notice", {"stop_seconds": Censored(2.0)}),
    ("stop-without-notice", {"unclean_exits": 1}),
    # Nobody is left to take its part.
    ("stop-without-notice", {"answered_by_the_other_ratio": 0.5}),
    ("restart-leaves-a-gap", {"wrong_answers": 1}),
    ("restart-leaves-a-gap", {"latency_p99_seconds": 0.7}),
    # The new one does nothing, as the old one is still there.
    ("restart-leaves-a-gap", {"answered_by_the_next_ratio": 0.0}),
    ("restart-leaves-a-gap", {"stop_seconds": Censored(2.0)}),
    ("restart-leaves-a-gap", {"unclean_exits": 1}),
    ("odd-spelling", {"odd_links_refused": 1}),
    ("withheld-bodies", {"slow_uploads_failed": 1}),
    ("rate-limit-after-work", {"greedy_pages_beyond_quota": 80.0}),
    # Nothing is compressed, or something that nobody can read.
    ("compressing-everything", {"page_bytes": 17_800.0}),
    ("compressing-everything", {"picture_bytes": 3_000.0}),
    ("compressing-everything", {"answers_wrong": 1}),
    ("compressing-everything", {"small_latency_p95_seconds": 0.009}),
    ("nagle-with-delayed-ack", {"exports_not_whole": 1}),
    ("nagle-with-delayed-ack", {"connections_made": 121}),
    ("idle-race", {"orders_refused": 1}),
    ("idle-race", {"wrong_answers": 1}),
]


def verdict(failure, harm):
    before, after = RECORDED[failure]
    experiment = experiment_named(failure)
    evidence = experiment.evidence(Lab())
    evidence.add_round(7, experiment.plan(7).fingerprint(), Run(before), Run({**after, **harm}))
    return evidence.verdict()


@pytest.mark.parametrize("failure", RECORDED)
def test_a_fix_without_harm_passes(failure):
    assert verdict(failure, {}) == "fixed"


@pytest.mark.parametrize(("failure", "harm"), HARM)
def test_a_harmful_fix_does_not(failure, harm):
    assert verdict(failure, harm) == "not fixed"


class Service(BaseHTTPRequestHandler):
    """Answers users, and callers with a token as its class says in turn."""

    protocol_version = "HTTP/1.1"
    says: tuple[tuple[int, bytes], ...] = ()
    asked = 0

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, b'{"handler":"user"}')

    def do_POST(self):
        type(self).asked += 1
        self.answer(*self.says[self.asked % len(self.says)])

    def log_message(self, *_):
        pass


LET_IN, THROWN = (200, b"wiped\n"), (500, b"exception\n")


def seen(*says):
    """What the experiment of the error boundary sees of a service that answers in this way."""
    experiment = experiment_named("error-boundary-innermost")
    handler = type("Answering", (Service,), {"says": says})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.server_address[1]
        scene = SimpleNamespace(load=lambda plan: run_plan(plan, port))
        return experiment.run(scene, experiment.plan(7))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_right_answers_in_the_right_shares_are_no_harm():
    sample = seen(THROWN, LET_IN, LET_IN)
    assert sample["requests_unanswered"] == sample["good_requests_failed"] == 0
    assert sample["answers_of_another_kind"] == 0
    assert sample["admin_let_in_ratio"] == pytest.approx(2 / 3, abs=0.02)
    assert sample["admin_failed_ratio"] == pytest.approx(1 / 3, abs=0.02)


def test_who_should_be_thrown_at_is_not_let_in():
    sample = seen(LET_IN)
    assert sample["answers_of_another_kind"] == 0
    assert sample["admin_let_in_ratio"] == 1


@pytest.mark.parametrize("instead", [(503, b"exception\n"), (500, b"<h1>500</h1>"), (200, b"")])
def test_an_answer_of_another_kind_is_seen(instead):
    assert seen(instead, LET_IN, LET_IN)["answers_of_another_kind"] > 0
