"""What travels, and in which form: as foreign clients ask for it and take it apart."""

import gzip
import importlib.metadata
import io
import json
import subprocess

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from openapi_spec_validator import OpenAPIV31SpecValidator

from sevenstops import Service, ServiceOptions, _core
from sevenstops.lab.edges import EdgeOptions, edge_named
from sevenstops.lab.settings import settings_from

PAGE = "/orders?limit=100"


@pytest.fixture(scope="module")
def service():
    with Service(options=ServiceOptions(rows=250, threads=1)) as running:
        yield running


@pytest.fixture(scope="module")
def edge(service):
    with edge_named("nginx")(service.port, EdgeOptions()) as running:
        yield running


def curl(port, path, *options):
    """Status, fields by name in lower case, and the body as it came."""
    url = f"http://127.0.0.1:{port}{path}"
    command = ["curl", "--silent", "--include", "--max-time", "5", *options, url]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), fields, body


def wants(coding):
    return ("--header", f"Accept-Encoding: {coding}")


def has(tag):
    return ("--header", f"If-None-Match: {tag}")


def test_rows_travel_as_small_as_the_client_can_take_them(service):
    _, plain_fields, plain = curl(service.port, PAGE)
    assert "content-encoding" not in plain_fields
    assert plain_fields["vary"] == "Accept-Encoding"
    status, fields, body = curl(service.port, PAGE, *wants("br, gzip"))
    assert (status, fields["content-encoding"], fields["vary"]) == (200, "gzip", "Accept-Encoding")
    assert int(fields["content-length"]) == len(body) < len(plain) / 3
    assert gzip.decompress(body) == plain
    # Another level makes other bytes of them.
    assert fields["etag"] == f'W/{plain_fields["etag"][:-1]}-gzip"'
    _, fields, packed = curl(service.port, PAGE, *wants("gzip;q=0.5, zstd"))
    assert fields["content-encoding"] == "zstd"
    assert len(packed) < len(plain) / 3
    # Large enough for a worker.
    every = "/orders?limit=1000000"
    settings = settings_from("hardened", ["serialize.page_limit=1000"])
    with Service(settings, ServiceOptions(rows=1000)) as large:
        _, _, plain = curl(large.port, every)
        _, fields, body = curl(large.port, every, *wants("gzip"))
        assert len(plain) > 100_000
        assert fields["content-encoding"] == "gzip"
        assert gzip.decompress(body) == plain
        counted = large.stops()
    assert counted["answers_compressed_total"] == 1
    assert counted["compress_input_bytes_total"] == len(plain)
    assert counted["compress_output_bytes_total"] == len(body)


@pytest.mark.parametrize("path", ["/healthz", "/users/7", "/picture.png", "/export.csv"])
def test_what_gains_nothing_or_is_long_travels_as_it_is(service, path):
    _, fields, body = curl(service.port, path, *wants("gzip, zstd"))
    assert "content-encoding" not in fields
    assert body == curl(service.port, path)[2]


def test_a_picture_is_one(service):
    _, fields, body = curl(service.port, "/picture.png")
    assert fields["content-type"] == "image/png"
    assert imread(io.BytesIO(body)).shape == (90, 120, 3)
    assert len(gzip.compress(body, 9)) >= len(body)


@pytest.mark.parametrize("through", ["service", "edge", "http2"])
def test_who_has_it_already_gets_304(service, edge, through):
    port = edge.port if through == "edge" else service.port
    options = ("--http2-prior-knowledge",) if through == "http2" else ()
    for asked in ((), wants("gzip")):
        _, fields, body = curl(port, PAGE, *asked, *options)
        status, again, nothing = curl(port, PAGE, *asked, *has(fields["etag"]), *options)
        assert (status, nothing) == (304, b"")
        assert again["etag"] == fields["etag"]
        assert again["vary"] == "Accept-Encoding"
        assert "content-type" not in again
        head = curl(port, PAGE, "--head", *asked, *options)
        assert head[1].get("content-length", str(len(body))) == str(len(body))
        assert head[1]["etag"] == fields["etag"]
        assert curl(port, PAGE, *asked, *has('"another"'), *options)[0] == 200
        status, again, _ = curl(port, PAGE, *asked, *has("*"), *options)
        assert (status, again["etag"]) == (304, fields["etag"])
    assert curl(port, "/orders?limit=99", *has(fields["etag"]), *options)[0] == 200


def test_without_tags_and_compression_nothing_is_said():
    changes = ["serialize.entity_tags=false", "serialize.compress.enabled=false"]
    with Service(settings_from("hardened", changes), ServiceOptions(rows=200)) as plain:
        _, fields, _ = curl(plain.port, PAGE, *wants("gzip"))
    assert not {"etag", "vary", "content-encoding"} & set(fields)


def test_link_and_next_lead_to_every_row_once(service):
    path, seen = "/orders?limit=60", []
    while path:
        _, fields, body = curl(service.port, path)
        page = json.loads(body)
        seen += [row["id"] for row in page["orders"]]
        path = page["next"]
        assert fields.get("link") == (f'<{path}>; rel="next"' if path else None)
    assert seen == list(range(1, 251))


def test_a_cursor_that_was_changed_is_refused(service):
    path = json.loads(curl(service.port, "/orders?limit=60")[2])["next"]
    assert curl(service.port, path)[0] == 200
    for changed in (path[:-1], path[:-1] + "g", "/orders?cursor=60", "/orders?cursor="):
        assert curl(service.port, changed)[0] == 400


def test_the_description_is_one_and_holds(service):
    status, fields, body = curl(service.port, "/openapi.json")
    assert (status, fields["content-type"]) == (200, "application/json")
    document = json.loads(body)
    OpenAPIV31SpecValidator(document).validate()
    assert document["info"]["version"] == importlib.metadata.version("sevenstops")
    schema = {"$ref": "#/components/schemas/Orders", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    for path in (PAGE, "/orders?limit=1000"):
        page = json.loads(curl(service.port, path)[2])
        validator.validate(page)
    broken = json.loads(curl(service.port, PAGE)[2])
    broken["orders"][0]["id"] = "1"
    assert not validator.is_valid(broken)
    # Each path that needs nothing is there, and answers with what is said of it.
    for path, operations in document["paths"].items():
        if "get" in operations and "{" not in path:
            status, fields, _ = curl(service.port, path)
            assert status == 200, path
            responses = operations["get"]["responses"]
            assert fields["content-type"] in responses["200"]["content"]
            assert ("etag" in fields) == ("304" in responses)
            assert set(responses["200"].get("headers", {})) - {"Vary"} <= {
                name.title() if name != "etag" else "ETag" for name in fields
            }
    assert document["paths"]["/admin/wipe"]["post"]["security"] == [{"token": []}]
    status, fields, _ = curl(service.port, "/admin/wipe", "--request", "POST")
    assert status == 401
    assert "www-authenticate" in fields


def test_who_wants_another_answer_is_refused(service):
    _, fields, _ = curl(service.port, PAGE)
    wanted = ("--header", f"If-Match: {fields['etag']}")
    assert curl(service.port, PAGE, *wanted)[0] == 200
    assert curl(service.port, PAGE, "--header", 'If-Match: "another"')[0] == 412
    assert service.stops()["stops"]["serialize"]["refused"] == {"precondition": 1}


def read_back(value):
    return json.loads(_core.write_json(value))


@given(st.text() | st.text(st.characters(max_codepoint=0x7F), max_size=40))
def test_texts_are_written_as_python_reads_them(text):
    written = _core.write_json(text)
    assert json.loads(written) == text
    # The same bytes as Python writes, but that DEL goes as it is in both.
    assert written == json.dumps(text, ensure_ascii=False)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_as_python_reads_them(number):
    read = read_back(number)
    assert (type(read), repr(read)) == (type(number), repr(number))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_can_not_say_is_null(number):
    assert read_back(number) is None
