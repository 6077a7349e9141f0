"""The spec for other tools: one JSON Schema, and a description of the API by OpenAPI 3.1.

OpenAPI has no word for the events of a stream that generators read (`itemSchema` is of 3.2): a stream is a string, and
`x-event-schema` says what the data of each event are.
"""

import json
from collections.abc import Mapping

from .dialect import DRAFT
from .spec import Schema, Spec, target, types_of

__all__ = ["bundle", "openapi"]

SERVER = "https://api.xiaomimimo.com/v1"
REFUSALS: Mapping[int, str] = {
    400: "The request is not as it should be, or its content was refused; the error's code says which.",
    401: "The key is missing, or is not taken.",
    402: "The balance does not suffice.",
    403: "The region, or the risk control, forbids it.",
    404: "There is no such place, or the model does not take such media.",
    405: "There is no such method here.",
    421: "The content was refused.",
    429: "Too many requests, or the quota is used up.",
    441: "The risk control refused the content.",
    500: "The server failed.",
    503: "The server is overloaded.",
}


def bundle(spec: Spec) -> str:
    """One JSON Schema with the definitions of all files in its `$defs`, as text."""
    return _json(
        {
            "$schema": DRAFT,
            "$id": "https://mimo-proto.invalid/spec/bundle.json",
            "title": f"All definitions of the spec, version {spec.version}",
            "description": "Generated. Validate by a reference to one of the definitions.",
            "$defs": _definitions(spec, "#/$defs/"),
        }
    )


def openapi(spec: Spec) -> str:
    """The description of MiMo's API by OpenAPI 3.1, as text."""
    chat = _call(
        "ChatCompletionRequest", "ChatCompletion", "ChatCompletionChunk", "Continue a conversation (Chat Completions)."
    )
    response = _call("ResponseRequest", "Response", "ResponseStreamEvent", "Respond to an input (Responses).")
    models = {"description": "The models that there are.", "content": _json_content("ModelList")}
    return _json(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Xiaomi MiMo",
                "version": spec.version,
                "description": "Generated from the schemas of mimo-proto. Not by Xiaomi, nor endorsed by them.",
            },
            "servers": [{"url": SERVER}],
            "security": [{"bearer": []}, {"key": []}],
            "paths": {
                "/chat/completions": {"post": {"operationId": "create_chat_completion", **chat}},
                "/responses": {"post": {"operationId": "create_response", **response}},
                "/models": {
                    "get": {
                        "operationId": "list_models",
                        "summary": "List the models.",
                        "responses": {"200": models, **_refusals(_json_content("ErrorResponse"))},
                    }
                },
            },
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                },
                "schemas": _definitions(spec, "#/components/schemas/"),
            },
        }
    )


def _call(request: str, reply: str, event: str, summary: str) -> Schema:
    """An operation whose reply is JSON, or a stream of events where the request asks for that."""
    answered = {**_json_content(reply), **_stream_content(event)}
    # A refusal of what asked for a stream stands behind `data:`.
    refused = {**_json_content("ErrorResponse"), **_stream_content("ErrorResponse")}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _json_content(request)},
        "responses": {
            "200": {"description": "The reply, or with `stream` its events.", "content": answered},
            **_refusals(refused),
        },
    }


def _refusals(content: Schema) -> Schema:
    return {str(status): {"description": said, "content": content} for status, said in REFUSALS.items()}


def _json_content(name: str) -> Schema:
    return {"application/json": {"schema": _component(name)}}


def _stream_content(event: str) -> Schema:
    return {"text/event-stream": {"schema": {"type": "string", "x-event-schema": _component(event)}}}


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _definitions(spec: Spec, place: str) -> Schema:
    """All definitions, with their references pointing at one place of one file."""
    return {name: _moved(definition.schema, place) for name, definition in spec.definitions.items()}


def _moved(schema: Schema, place: str) -> Schema:
    moved = dict(schema)
    if "$ref" in schema:
        moved["$ref"] = place + target(schema["$ref"])
    if "oneOf" in schema:
        moved["oneOf"] = [_moved(member, place) for member in schema["oneOf"]]
    if "properties" in schema:
        moved["properties"] = {name: _moved(each, place) for name, each in schema["properties"].items()}
    if "array" in types_of(schema):
        # Generators of clients want to be told that anything may stand in a list.
        moved["items"] = _moved(schema.get("items", {}), place)
    return moved


def _json(content: Schema) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
