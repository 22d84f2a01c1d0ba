"""The router beside the most obvious one, on random tables and paths.

SEVENSTOPS_EXAMPLES=20000 pytest tests/scenarios/test_route.py looks for longer.
"""

import os
import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sevenstops import _core

NAMES = ("a", "b", "ab", "a.b", "me")
METHODS = ("GET", "POST", "OPTIONS", "PURGE")
STANDARD_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
FIXED, PARAMETER, WILDCARD = range(3)
ODD = ("", ".", "..", "%61", "%2e", "%2f", "%2F", "%e4", "%E4", "%zz", "%4", "...", ".a", "a%")
UNRESERVED = string.ascii_letters + string.digits + "-._~"

fixed = st.sampled_from(NAMES)
parameter = st.sampled_from(("{x}", "{y}"))
wildcard = st.sampled_from(("{rest...}", "{all...}"))


@st.composite
def patterns(draw):
    segments = draw(st.lists(fixed | fixed | parameter, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        segments.append(draw(wildcard))
    return "/" + "/".join(segments)


routes = st.lists(st.tuples(st.sampled_from(METHODS), patterns()), max_size=25)
segment = fixed | fixed | st.sampled_from(ODD) | st.text("ab.%26fF", max_size=4)
paths = st.lists(segment, max_size=6).map(lambda segments: "/" + "/".join(segments))
requests = st.lists(
    st.tuples(st.sampled_from((*METHODS, "HEAD", "PUT", "BREW")), paths | st.just("*")), max_size=25
)


def segments_of(path):
    return path[1:].split("/")


def kind(segment):
    if segment.endswith("...}"):
        return WILDCARD
    return PARAMETER if segment.startswith("{") else FIXED


def shape(pattern):
    """A pattern without the names of its parameters: what is equal matches the same."""
    return [(kind(s), s if kind(s) == FIXED else "") for s in segments_of(pattern)]


def taken(pattern, path):
    """The kinds of the segments by which a pattern takes a path, and the last value; or None."""
    wanted, given = segments_of(pattern), segments_of(path)
    kinds = [kind(segment) for segment in wanted]
    value = ""
    if kinds[-1] == WILDCARD:
        value = "/".join(given[len(wanted) - 1 :])
        if value == "":
            return None
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    if len(wanted) != len(given):
        return None
    values = [value] if value else []
    for one, other in reversed(list(zip(wanted, given, strict=True))):
        if kind(one) == FIXED and one != other:
            return None
        if kind(one) == PARAMETER:
            if other == "":
                return None
            values.append(other)
    return kinds, values[0] if values else ""


def normal_form(path):
    """RFC 3986, 6.2.2, and no empty segments; None where there is none."""
    if re.search("%(?![0-9a-fA-F]{2})", path):
        return None

    def decoded(escape):
        character = chr(int(escape[1], 16))
        return character if character in UNRESERVED else escape[0].upper()

    kept = []
    for part in segments_of(re.sub("%(..)", decoded, path)):
        if part == "..":
            if not kept:
                return None
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept)


def allow(methods):
    listed = []
    for method in methods:
        listed += [method, "HEAD"] if method == "GET" else [method]
    return ", ".join(dict.fromkeys([*listed, "OPTIONS"]))


def expected(table, tree, odd_paths, method, path):
    """What becomes of a request: all candidates looked at, the most specific one or the first."""
    nothing = {"route": None, "parameter": "", "location": "", "allow": "", "refused": "",
               "status": 0, "odd": False}  # fmt: skip
    method = "GET" if method == "HEAD" else method
    if path == "*":
        return {**nothing, "allow": allow(m for m, _ in table)}
    odd = False
    if odd_paths != "raw":
        normal = normal_form(path)
        if normal is None:
            return {**nothing, "refused": "path_form", "status": 400}
        odd = normal != path
        if odd and odd_paths == "refuse":
            return {**nothing, "refused": "odd_path", "status": 400}
        if odd and odd_paths == "redirect":
            return {**nothing, "location": normal}
        path = normal
    found = [(number, *match) for number, (_, pattern) in enumerate(table)
             if (match := taken(pattern, path))]  # fmt: skip
    if not found:
        return {**nothing, "refused": "no_route", "status": 404}
    if tree:
        best = min(kinds for _, kinds, _ in found)
        found = [match for match in found if match[1] == best]
    for number, _, value in found:
        if table[number][0] == method:
            return {**nothing, "route": number, "parameter": value, "odd": odd}
    last = shape(table[found[-1][0]][1])
    methods = allow(m for m, pattern in table if shape(pattern) == last)
    if method == "OPTIONS":
        return {**nothing, "allow": methods, "odd": odd}
    if method not in STANDARD_METHODS and method not in {m for m, _ in table}:
        return {**nothing, "refused": "method_unknown", "status": 501}
    return {**nothing, "allow": methods, "refused": "method", "status": 405}


def without_ambiguity(table):
    """The routes without those that match the same requests as an earlier one, and the first
    such pair.
    """
    kept, pair = [], None
    for method, pattern in table:
        same = [p for m, p in kept if m == method and shape(p) == shape(pattern)]
        if not same:
            kept.append((method, pattern))
        elif pair is None:
            pair = f"route {method} {pattern} matches the same requests as {method} {same[0]}"
    return kept, pair


def configured(tree, odd_paths):
    made = _core.hardened()
    made.set("route.tree", "true" if tree else "false")
    made.set("route.odd_paths", odd_paths)
    return made


@settings(
    max_examples=int(os.environ.get("SEVENSTOPS_EXAMPLES", "300")), derandomize=True,
    deadline=None, database=None, suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(routes, requests, st.booleans(), st.sampled_from(("match", "raw", "redirect", "refuse")))
def test_every_request_gets_what_the_obvious_router_gives(table, asked, tree, odd_paths):
    chosen = configured(tree, odd_paths)
    if tree:
        whole = table
        table, pair = without_ambiguity(whole)
        if pair:
            with pytest.raises(ValueError, match="matches the same requests as") as refused:
                _core.Router(whole, chosen)
            assert str(refused.value) == pair
    router = _core.Router(table, chosen)
    for method, path in asked:
        got = router.match(method, path)
        wanted = expected(table, tree, odd_paths, method, path)
        assert {name: getattr(got, name) for name in wanted} == wanted, (method, path)


def test_the_obvious_router_knows_the_rules():
    table = [("GET", "/{rest...}"), ("GET", "/{x}/b"), ("GET", "/a/{y}"), ("POST", "/a/{y}")]
    wanted = [("/a/b", 2, "b"), ("/c/b", 1, "c"), ("/c/d", 0, "c/d"), ("/a/b/c", 0, "a/b/c")]
    for path, number, value in wanted:
        got = expected(table, True, "raw", "GET", path)
        assert (got["route"], got["parameter"]) == (number, value)
    assert expected(table, True, "raw", "PUT", "/a/b")["allow"] == "GET, HEAD, POST, OPTIONS"
    assert expected(table, False, "raw", "GET", "/a/b")["route"] == 0
    assert normal_form("/a//b/./%61/../%2f%7e/") == "/a/b/%2F~"
    assert normal_form("/../a") is None
