"""OpenAPI documents of all three kinds as operations, and which undo is proposed for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.formats.openapi.operations import NotOpenApi, Operation, read_api
from designer.formats.openapi.undo import proposed
from designer.validation.json_schema import check_schema

OK = {"200": {"description": "ok"}}
MADE = {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
THING = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Thing"}},
}


def document(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    components = {"schemas": {"Thing": THING}}
    return {"openapi": "3.0.3", "info": {"title": "T"}, "paths": paths, "components": components, **more}


def body(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    return {"content": {"application/json": {"schema": schema}}}


def operations(paths: dict[str, Any], **more: Any) -> dict[tuple[str, str], Operation]:
    return {it.key: it for it in read_api(document(paths, **more)).operations}


def undo_of(paths: dict[str, Any], method: str, url: str) -> dict[str, Any] | None:
    found = operations(paths)
    proposal = proposed(found[method, url], found)
    return proposal.params if proposal else None


def test_an_operation_has_a_form_for_each_place() -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "full", "in": "query", "schema": {"type": "boolean", "nullable": True}},
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
        {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
    ]
    put = {"summary": "Change", "operationId": "Things.change", "requestBody": body(name={"type": "string"})}
    operation = operations({"/things/{id}": {"parameters": parameters, "put": {**put, "responses": OK}}})[
        "PUT", "/things/{id}"
    ]
    places = operation.schema["properties"]
    assert operation.id == "things_change" and operation.title == "Change" and operation.expect == (200,)
    assert places["path"]["properties"] == {"id": {"type": "integer"}} and places["path"]["required"] == [
        "id"
    ]
    assert places["query"]["properties"]["full"]["type"] == ["boolean", "null"]
    assert [*places["headers"]["properties"]] == ["X-Trace"]
    assert places["json"]["required"] == ["name"]
    assert not check_schema(operation.schema, "")


def test_schemas_that_refer_to_themselves_end() -> None:
    post = {
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    }
    [operation] = operations({"/things": {"post": {**post, "responses": MADE}}}).values()
    assert "parent" in operation.schema["properties"]["json"]["properties"]["parent"]["properties"]


def test_a_document_of_2_0_has_bodies_forms_and_an_address() -> None:
    parameters = [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/B"}}]
    form = [{"name": "f", "in": "formData", "type": "string", "required": True}]
    api = read_api(
        {
            "swagger": "2.0",
            "host": "api.example.org",
            "basePath": "/v1",
            "definitions": {"B": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "paths": {"/a": {"post": {"parameters": parameters}}, "/b": {"post": {"parameters": form}}},
        }
    )
    assert api.address == "https://api.example.org/v1"
    one, other = api.operations
    assert one.schema["properties"]["json"]["properties"] == {"a": {"type": "string"}}
    assert other.schema["properties"]["form"]["required"] == ["f"]


def test_what_is_left_out_is_told() -> None:
    cookie = {"name": "c", "in": "cookie"}
    post = {"parameters": [cookie], "requestBody": {"content": {"image/png": {}}}}
    get = {"responses": {"200": {"$ref": "other.yaml#/x"}}}
    problems = " ".join(read_api(document({"/a": {"post": post, "get": get}})).problems)
    assert "cookie c" in problems and "image/png" in problems and "other.yaml" in problems


@pytest.mark.parametrize(
    "value", [None, [], {}, {"openapi": "4.0"}, {"openapi": "3.0.0"}, {"swagger": "1.2"}]
)
def test_what_is_no_openapi_is_refused(value: Any) -> None:
    with pytest.raises(NotOpenApi):
        read_api(value)


@pytest.mark.parametrize(
    ("make", "take_back", "params"),
    [
        ("/things", ("delete", "/things/{id}"), {"path": {"id": "=output.body.id"}}),
        ("/things.json", ("delete", "/things/{thing}.json"), {"path": {"thing": "=output.body.id"}}),
        ("/orders", ("post", "/orders/{id}/cancel"), {"path": {"id": "=output.body.id"}}),
        ("/door/{d}/lock", ("post", "/door/{d}/unlock"), {"path": {"d": "{path.d}"}}),
        ("/charges", ("post", "/refunds"), {"json": {"charge": "=output.body.id"}}),
        ("/payments", ("post", "/payments/{id}/refunds"), {"path": {"id": "=output.body.id"}}),
    ],
)
def test_the_undo_of_what_a_post_makes(make: str, take_back: tuple[str, str], params: dict[str, Any]) -> None:
    method, url = take_back
    undo = {"responses": OK}
    if url == "/refunds":
        undo["requestBody"] = body(charge={"type": "string"})
    paths = {make: {"post": {"responses": MADE}}, url: {method: undo}}
    assert undo_of(paths, "POST", make) == {"method": method.upper(), "url": url, **params}


def test_a_put_that_makes_is_removed_and_one_that_changes_is_not() -> None:
    made: Any = {"responses": {"204": {}}}
    changed: Any = {"responses": OK}
    for url, put, patch, expected in (
        ("/stars/{id}", made, {}, "DELETE"),
        ("/things/{id}", changed, {}, None),
        ("/things/{id}", made, {"patch": changed}, None),
    ):
        undo = undo_of({url: {"put": put, "delete": {}, **patch}}, "PUT", url)
        assert (undo or {}).get("method") == expected


@pytest.mark.parametrize(
    "paths",
    [
        {"/things/{id}": {"post": {"responses": MADE}, "delete": {}}},  # it may be there before
        {"/labels": {"post": {}, "delete": {}}, "/labels/{name}": {"delete": {}}},  # all would go
        {"/things": {"post": {}}, "/things/{other}/parts/{id}": {"delete": {}}},
        {"/things": {"get": {}}, "/things/{id}": {"delete": {}}},
    ],
)
def test_nothing_is_proposed_that_may_take_back_too_much(paths: dict[str, Any]) -> None:
    [first] = [(method.upper(), url) for url, item in paths.items() for method in item][:1]
    assert undo_of(paths, *first) is None


@pytest.mark.parametrize(
    "said",
    [
        "unmake",
        {"operationId": "unmake"},
        {"method": "post", "path": "/unmake", "params": {"json": {"a": 1}}},
    ],
)
def test_the_author_of_the_document_knows_best(said: Any) -> None:
    paths = {
        "/things": {"post": {"x-undo": said, "responses": MADE}},
        "/things/{id}": {"delete": {}},
        "/unmake": {"post": {"operationId": "unmake"}},
    }
    found = operations(paths)
    proposal = proposed(found["POST", "/things"], found)
    assert proposal and proposal.is_said and proposal.operation == "unmake"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "get",
                    "post",
                    "parameters",
                    "requestBody",
                    "content",
                    "schema",
                    "properties",
                    "in",
                    "name",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["/a", "/a/{id}", "/a/{id}/cancel", "{", ""]), JSON, max_size=4))
def test_no_document_breaks_the_reader(paths: dict[str, Any]) -> None:
    found = operations(paths)
    for operation in found.values():
        proposed(operation, found)
