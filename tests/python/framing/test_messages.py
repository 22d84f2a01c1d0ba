"""Requests by their framing headers, and answers as they came."""

import pytest

from sevenstops.framing.messages import Answer, Request, answers, framing

POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "requests", "tail"),
    [
        (b"", [], ""),
        (GET, [("GET", "/t", 0)], ""),
        (POST + b"Content-Length: 5\r\n\r\nhello", [("POST", "/echo", 5)], ""),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         [("POST", "/echo", 5)], ""),
        # A body that breaks off is no whole request, and neither is half a head.
        (POST + b"Content-Length: 50\r\n\r\nhello", [], "truncated"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", [], "truncated"),
        (GET + POST, [("GET", "/t", 0)], "truncated"),
        # What one request says of the connection does not hide the next.
        (POST + b"Connection: close\r\nContent-Length: 1\r\n\r\nx" + GET,
         [("POST", "/echo", 1), ("GET", "/t", 0)], ""),
        (POST + b"Content-Length: 0\r\n\r\n" + GET * 2,
         [("POST", "/echo", 0), ("GET", "/t", 0), ("GET", "/t", 0)], ""),
    ],
)  # fmt: skip
def test_requests_are_counted_by_what_the_headers_say(data, requests, tail):
    framed = framing(data)
    assert framed.requests == tuple(Request(*one) for one in requests)
    assert framed.tail == tail


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        GET.replace(b"Host", b"Ho st"),
    ],
)
def test_what_h11_refuses_has_no_framing(data):
    framed = framing(data)
    assert framed.requests == ()
    assert framed.tail.startswith("unreadable: ")


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("data", "methods", "found"),
    [
        (b"", [], []),
        (OK, ["POST"], [Answer(200, 5, False)]),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK * 2, [], [Answer(200, 5, False)] * 2),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n" + OK, ["HEAD", "GET"],
         [Answer(404, 0, False), Answer(200, 5, False)]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" + OK,
         [], [Answer(200, 5, False)] * 2),
        (b"HTTP/1.0 200 OK\r\nConnection: Close\r\n\r\nabc", [], [Answer(200, 3, True)]),
        (OK[:-2], [], [Answer(200, 3, False)]),
        (b"HTTP/1.1 200 OK\r\nConte", [], []),
    ],
)  # fmt: skip
def test_answers_are_counted_with_the_bytes_of_their_bodies(data, methods, found):
    assert answers(data, methods) == found


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (Answer(400, 3, True), True),
        (Answer(431, 3, True), True),
        (Answer(400, 3, False), False),
        (Answer(404, 3, True), False),
        (Answer(200, 3, True), False),
    ],
)
def test_a_refusal_is_of_the_bytes_and_ends_the_connection(answer, refusal):
    assert answer.refusal == refusal
