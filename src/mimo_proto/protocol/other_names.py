"""What other clients call things, and what they are called here: hints in the texts of errors.

Fields of requests stand in the table of foreign names. A hint is given only where a name is refused; no name is taken
for another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_proto.protocol.foreign_names import foreign_hint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["argument_hint", "attribute_hint", "field_hint", "value_hint"]

# The arguments of a client or a call; the names are those of the openai package.
ARGUMENTS: Mapping[str, str] = {
    "timeout": "timeouts=Timeouts(total=30) sets a clock, in seconds",
    "max_retries": "retry=RetryPolicy(attempts=3) tries again, the first attempt included",
    "organization": "MiMo has no organizations",
    "project": "MiMo has no projects",
    "http_client": "Client keeps connections of its own (proxy=, ssl_context=), AsyncClient takes http=",
    "default_headers": "headers={...} is sent with every request",
    "extra_query": "MiMo's URLs have no queries",
    "extra_body": "it is an argument of the call, beside the request",
    "extra_headers": "it is an argument of the call, beside the request",
}

# The values of fields.
VALUES: Mapping[str, str] = {
    "json_schema": 'MiMo checks no schema: "json_object", the schema in the prompt, and a check of your own',
}

# The attributes of a client; the names are those of the openai package.
ATTRIBUTES: Mapping[str, str] = {
    "chat": "create_chat_completion(model=..., messages=[...]) and stream_chat_completion(...)",
    "responses": "create_response(model=..., input=...) and stream_response(...)",
    "models": "list_models()",
    "with_options": "each call takes timeouts=, retry= and extra_headers=",
    "with_raw_response": "send(endpoint, request) gives the reply with its status, headers and body",
    "with_streaming_response": "stream(endpoint, request) has status and headers; tee= gets the bytes",
}


def field_hint(name: str, known: Collection[str]) -> str:
    """Say what to do about a field of a request that the spec does not have.

    Args:
        name: The field's name.
        known: The names of the fields that the request has.
    """
    if name in ARGUMENTS:
        return f" ({ARGUMENTS[name]})"
    sends = f'extra_body={{"{name}": ...}} sends it, and adapt_request() takes requests of other clients'
    return f"{foreign_hint(name, known)}; {sends}"


def value_hint(value: object) -> str:
    """Say what to do about a value that the spec refuses; "" where no other API has it."""
    hint = VALUES.get(value, "") if isinstance(value, str) else ""
    return hint and f" ({hint})"


def argument_hint(name: str) -> str:
    """Say what to do about an argument that a client or a call does not have; "" where no other client has it."""
    return ARGUMENTS.get(name, "")


def attribute_hint(name: str) -> str:
    """Say what to call where another client has an attribute of this name; "" where none has."""
    return ATTRIBUTES.get(name, "")
