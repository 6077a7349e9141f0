"""A typed answer: JSON mode, and one more turn in which the model mends what does not fit.

MiMo has no JSON Schema for answers: the prompt says what is wanted, and `decode_content` finds out whether it came.
"""

import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from mimo_proto import ChatMessage, Client, DecodeError, ResponseFormat, decode_content, system, to_request, user


class River(Struct):
    """A river."""

    name: str
    kilometres: Annotated[int, Meta(gt=0, description="From source to mouth.")]


SCHEMA = json.dumps(msgspec.json.schema(River))


def ask(client: Client, question: str) -> River:
    """Ask for a river; an answer that does not fit goes back once, with what is wrong with it."""
    messages: list[ChatMessage] = [
        system(f"Answer with a JSON object that fits this JSON Schema, and nothing else: {SCHEMA}"),
        user(question),
    ]
    done = client.create_chat_completion(
        model="mimo-v2.6-pro", messages=messages, response_format=ResponseFormat(type="json_object")
    )
    try:
        return decode_content(done, River)
    except DecodeError as error:
        print(f"once more: {error}")
        messages.append(to_request(done.choices[0].message))
        messages.append(user(f"This is not what I asked for: {error}. Answer again, with the JSON object alone."))
    done = client.create_chat_completion(
        model="mimo-v2.6-pro", messages=messages, response_format=ResponseFormat(type="json_object")
    )
    return decode_content(done, River)


if __name__ == "__main__":
    with Client() as client:
        try:
            print(ask(client, "Which river is the longest in China?"))
        except DecodeError as error:  # twice in a row: the prompt is at fault, or the model
            print(f"no river: {error}")
