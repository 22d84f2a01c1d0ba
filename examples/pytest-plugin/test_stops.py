"""What a team promises about its service, as tests."""

import pytest


@pytest.mark.stop("route")
def test_the_wrong_handler_never_answers(stops_evidence):
    stops_evidence("shadowed-route").assert_fixed()


@pytest.mark.stop("handle")
def test_users_are_answered_in_time_behind_the_proxy(stops_service, stops_edge, stops_load):
    edge = stops_edge(stops_service("hardened"))
    result = stops_load(f"{edge.url}/users/42", rate=300, duration=3, connections=16)
    result.assert_that("failed == 0")
    result.assert_that("p99 < 250ms")


@pytest.mark.stop("parse")
def test_cookies_up_to_the_edges_limit_are_taken(stops_service, stops_load):
    from sevenstops import RequestSpec

    service = stops_service(set={"parse.header_limit": 16384})
    cookie = ("Cookie", "c=" + "v" * 12000)
    result = stops_load(
        service.url, rate=50, duration=1,
        requests=[RequestSpec(target="/users/me", headers=[cookie])],
    )  # fmt: skip
    result.assert_that("4xx == 0")
