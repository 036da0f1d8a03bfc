"""The OpenAPI document says what the door does: every route is in it, and nothing a client sends gets another answer."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from edge.gateway.compat import ENDPOINTS, Endpoint
from edge.gateway.limits import ImpatientWriter
from edge.gateway.openapi import PLAIN, Plain, document
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeEmbedder, OpenDoor, open_door
from tidegate.chat import JSON

DOCUMENT = json.loads(json.dumps(document()))
CALM = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> OpenDoor:
    return open_door(tmp_path_factory.mktemp("door"), embeds=FakeEmbedder())


def fits(got: httpx.Response, path: str, method: str = "post") -> None:
    """The answer is one that the document names for this route, in the shape that it gives; never a defect."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(got.status_code) in responses, (path, got.status_code, got.text[:200])
    assert got.status_code != 500, got.text
    kind = got.headers["content-type"].partition(";")[0]
    schema = responses[str(got.status_code)]["content"][kind]["schema"]
    if kind == "application/json":
        jsonschema.validate(got.json(), {**schema, "components": DOCUMENT["components"]})


def test_every_route_is_in_the_document_and_no_other(door: OpenDoor) -> None:
    assert isinstance(door.app, ImpatientWriter)
    app = door.app._app
    assert isinstance(app, Starlette)
    served = {
        (route.path.replace(":path", ""), method.lower())  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods  # type: ignore[attr-defined]
        if method != "HEAD"
    }
    told = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    assert served == told


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(DOCUMENT)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)


async def test_the_door_serves_it(door: OpenDoor) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app), base_url="http://localhost"
    ) as client:
        got = await client.get("/openapi.json")
    assert got.json() == DOCUMENT


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
async def test_every_sample_of_the_tables_fits_its_schema_and_its_answer(
    door: OpenDoor, endpoint: Endpoint
) -> None:
    schema: dict[str, JSON] = {
        "$ref": f"#/components/schemas/{endpoint.body.__name__}",
        "components": DOCUMENT["components"],
    }
    async with http(door) as client:
        for name, field in endpoint.fields.items():
            body = json.loads("{" + endpoint.least + "}")
            body |= json.loads("{" + field.beside + "}")
            body[name] = json.loads(field.sample)
            jsonschema.validate(body, schema)
            fits(await client.post(endpoint.path.removeprefix("/v1"), json=body), endpoint.path)


@CALM
@given(data=st.data())
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
async def test_whatever_a_body_holds_the_answer_is_a_documented_one(
    door: OpenDoor, endpoint: Endpoint, data: st.DataObject
) -> None:
    body = json.loads("{" + endpoint.least + "}")
    for name in data.draw(st.lists(st.sampled_from([*endpoint.fields, "x"]), max_size=6)):
        field = endpoint.fields.get(name)
        samples = [st.just(json.loads(field.sample))] if field is not None else []
        body[name] = data.draw(st.one_of(*samples, anything))
    async with http(door) as client:
        fits(await client.post(endpoint.path.removeprefix("/v1"), content=json.dumps(body)), endpoint.path)


NESTED = {
    "/v1/chat/completions": '"messages":[{"role":"user","content":[{"type":"text","text":"h\\u00e9"}]},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"b","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"x"}],"tools":[{"type":"function","function":{"name":"b","parameters":{"type":"object"}}}]',
    "/v1/completions": '"prompt":["a","b"],"logprobs":2,"stop":["x"],"stream":true',
    "/v1/embeddings": '"input":["a",[1,2],"b"],"encoding_format":"base64"',
    "/v1/responses": '"input":[{"role":"user","content":[{"type":"input_text","text":"h"}]},{"type":"function_call","call_id":"a","name":"b","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":[{"type":"input_text","text":"x"}]}],"tools":[{"type":"function","name":"b","parameters":{"type":"object"}}],"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}',
    "/v1/messages": '"messages":[{"role":"user","content":[{"type":"text","text":"h"}]},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":{"c":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"}],"is_error":true}]}],"tools":[{"name":"b","input_schema":{"type":"object"}}],"stream":true',
}


@CALM
@given(data=st.data())
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
async def test_whatever_is_damaged_in_a_body_the_answer_is_a_documented_one(
    door: OpenDoor, endpoint: Endpoint, data: st.DataObject
) -> None:
    good = bytearray(("{" + endpoint.least + "," + NESTED[endpoint.path] + "}").encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(good) - 1))
        piece = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"null", b"\\u", b"{", b'"', b"-", b"[]", b"1e999"])
        )
        good[at : at + data.draw(st.integers(0, 8))] = piece
    async with http(door) as client:
        fits(await client.post(endpoint.path.removeprefix("/v1"), content=bytes(good)), endpoint.path)


@CALM
@given(data=st.data())
@pytest.mark.parametrize("route", PLAIN, ids=lambda one: one.path)
async def test_whatever_is_in_a_path_or_a_query_the_answer_is_a_documented_one(
    door: OpenDoor, route: Plain, data: st.DataObject
) -> None:
    path = route.path
    for place in ("{name}", "{ticket}", "{run}", "{id}"):
        if place in path:
            word = data.draw(words.filter(lambda word: word.strip(".") != ""))  # dots walk up the path
            path = path.replace(place, quote(word, safe=""))
    # a wait that is allowed and long would be waited for
    query = {name: data.draw(words | st.floats(-5, 0.01).map(str)) for name in route.query}
    known = data.draw(st.booleans())
    async with http(door, **({} if known else {"authorization": "Bearer wrong"})) as client:
        url = httpx.URL("http://localhost" + path, params=query)
        fits(await client.request(route.method, url), route.path, route.method)
