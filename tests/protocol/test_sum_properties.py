"""A JSON reply, unknown fields included, cut into a stream: streamed and added up it is the reply again."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, ChatAccumulator, ResponseAccumulator, StreamDecoder, parse_response
from mimo_proto.protocol.json_types import is_array, is_object
from tests.support.deltas import parts_in, parts_told, reasoning_names
from tests.support.payloads import DONE, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

JSON = {"content-type": "application/json"}
Object = dict[str, Any]

# JSON values

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, -2.25]) | TEXTS
NAMES = ["mood", "tide", "format", "signature", "wind_speed", "x-trace", "class", "the name"]
# What comes whole each time, where texts are joined.
NOT_CUT = ("type", "id", "name", "role", "format", "object", "model", "status", "signature")
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
UNKNOWN: st.SearchStrategy[Object] = st.dictionaries(st.sampled_from(NAMES), VALUES)


@st.composite
def objects(draw: st.DrawFn, /, **fields: st.SearchStrategy[Any]) -> Object:
    """An object with some of the fields, and with unknown ones."""
    return draw(UNKNOWN) | {name: draw(field) for name, field in fields.items() if draw(st.booleans())}


@st.composite
def elements(draw: st.DrawFn) -> list[Any]:
    """A list: objects with an index, each of its own, among other values."""
    # A detail of thinking has its letters in one field.
    details = objects(text=TEXTS, type=TEXTS, parts=st.lists(SCALARS)) | objects(type=TEXTS, summary=TEXTS)
    indexed = [{**element, "index": place} for place, element in enumerate(draw(st.lists(details, max_size=3)))]
    others = draw(st.lists(VALUES, max_size=3))
    return draw(st.permutations([*indexed, *(each for each in others if "index" not in keys_of(each))]))


def keys_of(value: Any) -> list[str]:
    return [*value] if is_object(value) else []


@st.composite
def calls(draw: st.DrawFn) -> Object:
    function = {**draw(UNKNOWN), "name": draw(TEXTS), "arguments": draw(TEXTS)}
    return {"id": "", **draw(objects(id=TEXTS, extra_content=VALUES)), "type": "function", "function": function}


@st.composite
def messages(draw: st.DrawFn) -> Object:
    fields = objects(
        content=TEXTS,
        reasoning_content=TEXTS,
        reasoning=TEXTS,
        refusal=TEXTS,
        final_text_preview=TEXTS,
        error_message=TEXTS,
        reasoning_details=elements(),
        annotations=st.lists(objects(url=TEXTS, type=st.just("url_citation")), max_size=3),
        audio_tokens=st.lists(SCALARS, max_size=3),
        tool_calls=st.lists(calls(), min_size=1, max_size=3),
        audio=objects(id=TEXTS),
        steps=elements(),
    )
    return {**draw(fields), "role": "assistant"}


@st.composite
def completions(draw: st.DrawFn) -> Object:
    fields = objects(finish_reason=st.just("length"), logprobs=objects(content=st.lists(VALUES, max_size=3)))
    choices = [
        {"finish_reason": "stop", **draw(fields), "index": index, "message": draw(messages())}
        for index in range(draw(st.integers(1, 2)))
    ]
    usage = objects(total_tokens=st.integers(0, 9)).filter(bool)
    reply = draw(objects(id=TEXTS, model=TEXTS, created=st.integers(0, 2**31), usage=usage))
    return {**reply, "object": "chat.completion", "choices": choices}


# Cutting


def cut_text(text: str, random: Random) -> list[str]:
    places = sorted(random.randint(0, len(text)) for _ in range(random.randint(0, 3)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def cut_list(values: list[Any], random: Random) -> list[list[Any]]:
    places = sorted(random.randint(0, len(values)) for _ in range(random.randint(0, 2)))
    return [values[start:end] for start, end in zip([0, *places], [*places, len(values)], strict=True)]


def repeated(value: Any, random: Random) -> list[Any]:
    return [value] * random.randint(1, 2)


def merged(queues: list[list[Any]], random: Random) -> Iterator[Any]:
    """What is in the queues, each in its order, mixed."""
    queues = [queue for queue in queues if queue]
    while queues:
        queue = random.choice(queues)
        yield queue.pop(0)
        queues = [each for each in queues if each]


def mixed(elements: list[list[Object]], random: Random) -> Iterator[Object]:
    """The pieces of elements, each element begun before the next one is, and else mixed."""
    begun: list[list[Object]] = []
    waiting = [*elements]
    while waiting or begun:
        if waiting and (not begun or random.random() < 0.5):
            first, *rest = waiting.pop(0)
            yield first
            begun += [rest] if rest else []
        else:
            queue = random.choice(begun)
            yield queue.pop(0)
            begun = [each for each in begun if each]


def cut_element(element: Any, random: Random) -> list[Any]:
    """One with an index in pieces, each of which has the index; anything else whole."""
    if not is_object(element) or "index" not in element:
        return [element]
    fields = {name: value for name, value in element.items() if name != "index"}
    return [{**piece, "index": element["index"]} for piece in cut_fields(fields, random)] or [element]


def cut_field(name: str, value: Any, random: Random) -> list[Any]:
    """The values of a field of a delta, or of an element with an index."""
    if isinstance(value, str) and name not in NOT_CUT:
        return cut_text(value, random)
    if is_array(value):
        pieces = [*mixed([cut_element(element, random) for element in value], random)]
        return cut_list(pieces, random)
    return repeated(value, random)


def cut_fields(fields: Object, random: Random) -> list[Object]:
    queues = [[{name: piece} for piece in cut_field(name, value, random)] for name, value in fields.items()]
    return [*merged(queues, random)]


def cut_whole(value: Any, random: Random) -> list[Any]:
    """The values of a field of a choice."""
    return cut_list(value, random) if is_array(value) else repeated(value, random)


def cut_call(index: int, call: Object, random: Random) -> list[Object]:
    function = {name: value for name, value in call["function"].items() if name != "arguments"}
    head = {**call, "index": index, "function": function}
    again: list[Object] = [{"index": index}, {**head, "id": "", "function": {}}, head]
    pieces = [
        {**random.choice(again[:2]), "function": {"arguments": piece}}
        for piece in cut_text(call["function"]["arguments"], random)
    ]
    return [*repeated(head, random), *pieces]


def cut_choice(choice: Object, random: Random) -> list[Object]:
    message: Object = choice["message"]
    calls = [cut_call(index, call, random) for index, call in enumerate(message.get("tool_calls", []))]
    deltas = cut_fields({name: value for name, value in message.items() if name != "tool_calls"}, random)
    pieces = [{"delta": delta} for delta in deltas]
    queues: list[list[Object]] = [pieces, [{"delta": {"tool_calls": [piece]}} for piece in merged(calls, random)]]
    for name, value in choice.items():
        if name == "logprobs":
            inner = [[{key: each} for each in cut_whole(field, random)] for key, field in value.items()]
            queues.append([{name: piece} for piece in merged(inner, random)] or [{name: {}}])
        elif name not in ("index", "message"):
            queues.append([{name: each} for each in cut_whole(value, random)])
    return [{"delta": {}, **piece, "index": choice["index"]} for piece in merged(queues, random)]


def chat_stream(reply: Object, random: Random) -> bytes:
    head: Object = {name: value for name, value in reply.items() if name in ("id", "model", "created")}
    head["object"] = "chat.completion.chunk"
    others = {name: value for name, value in reply.items() if name not in (*head, "choices", "usage")}
    chunks: list[Object] = [{"choices": []}]
    for choice in merged([cut_choice(choice, random) for choice in reply["choices"]], random):
        if random.random() < 0.2:
            chunks[-1]["choices"].append(choice)
        else:
            chunks.append({"choices": [choice]})
    for name, value in others.items():
        for chunk in random.sample(chunks, min(2, len(chunks))):
            chunk[name] = value
    if "usage" in reply:
        chunks.append({"choices": [], "usage": reply["usage"]})
    return b"".join(event({**head, **chunk}) for chunk in chunks) + DONE


def added_up(endpoint: Any, accumulator: Any, stream: bytes) -> Any:
    """The sum of a stream, of which the deltas say the same."""
    events = list(StreamDecoder[Any](endpoint).events([stream]))
    for each in events:
        accumulator.add(each)
    result = accumulator.result()
    if reasoning_names(result) <= 1:  # thinking that comes twice is told once
        # Details of thinking are told as they come, and stand by their index in the result: of them the letters count.
        told, kept = parts_told(endpoint, events), parts_in(result)
        letters = [sorted((part[0], part[1], "".join(sorted(part[2]))) for part in parts) for parts in (told, kept)]
        assert letters[0] == letters[1]
        assert sorted(part for part in told if part[1] != "reasoning") == sorted(
            part for part in kept if part[1] != "reasoning"
        )
    return result


@given(completions(), st.randoms(use_true_random=False))
def test_a_completion_that_was_cut_into_chunks_is_the_completion(reply: Object, random: Random) -> None:
    whole = parse_response(CHAT_COMPLETIONS, 200, JSON, msgspec.json.encode(reply))
    streamed = added_up(CHAT_COMPLETIONS, ChatAccumulator(), chat_stream(reply, random))
    assert msgspec.to_builtins(streamed) == msgspec.to_builtins(whole)
    assert streamed == whole


# Responses


@st.composite
def parts(draw: st.DrawFn, kind: str) -> Object:
    if draw(st.booleans()):
        return {**draw(UNKNOWN), "type": kind, "text": draw(TEXTS)}
    return {**draw(objects(strokes=st.lists(SCALARS, max_size=3))), "type": "sketch"}


FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "message": {"role": st.just("assistant"), "content": st.lists(parts("output_text"), max_size=3)},
    "reasoning": {"content": st.lists(parts("reasoning_text"), max_size=2), "summary": st.just([])},
    "function_call": {"call_id": TEXTS, "name": TEXTS, "arguments": TEXTS},
    "custom_tool_call": {"call_id": TEXTS, "name": TEXTS, "input": TEXTS},
    "sketch": {"strokes": st.lists(SCALARS, max_size=3)},
}


@st.composite
def items(draw: st.DrawFn) -> Object:
    kind = draw(st.sampled_from([*FIELDS]))
    item = draw(objects(status=st.just("completed")))
    return item | {name: draw(field) for name, field in FIELDS[kind].items()} | {"type": kind}


@st.composite
def responses(draw: st.DrawFn) -> Object:
    output = draw(st.lists(items(), max_size=4))
    if draw(st.booleans()):
        output = [{**item, "id": f"item_{place}"} for place, item in enumerate(output)]
    reply = draw(objects(id=TEXTS, model=TEXTS, created_at=st.integers(0, 2**31), usage=st.just({"total_tokens": 5})))
    return {**reply, "object": "response", "status": "completed", "output": output}


TEXT_FIELDS = {"function_call": "arguments", "custom_tool_call": "input"}


def cut_item(place: int, item: Object, random: Random) -> list[Object]:
    """The events of an item; at random with the one that ends it, and with the ends of its texts."""
    known_by: Object = {"output_index": place, **({"item_id": item["id"]} if "id" in item else {})}
    field = TEXT_FIELDS.get(item["type"])
    begun: Object = {**item, **({field: ""} if field else {"content": []} if "content" in item else {})}
    events: list[Object] = [{"type": "response.output_item.added", "output_index": place, "item": begun}]
    if field:
        events += cut_part(f"response.{item['type']}_{field}", field, item[field], known_by, random)
    for number, part in enumerate(item.get("content", ())):
        where = {**known_by, "content_index": number}
        if "text" not in part:
            events.append({"type": "response.content_part.added", "part": part, **where})
            continue
        events.append({"type": "response.content_part.added", "part": {**part, "text": ""}, **where})
        events += cut_part(f"response.{part['type']}", "text", part["text"], where, random)
        if random.random() < 0.3:
            events.append({"type": "response.content_part.done", "part": part, **where})
    if random.random() < 0.5:
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    return events


def cut_part(kind: str, field: str, text: str, where: Object, random: Random) -> list[Object]:
    deltas = [{"type": f"{kind}.delta", "delta": piece, **where} for piece in cut_text(text, random)]
    return [*deltas, {"type": f"{kind}.done", field: text, **where}] if random.random() < 0.5 else deltas


def response_stream(reply: Object, random: Random) -> bytes:
    begun: Object = {**reply, "status": "in_progress", "output": []}
    output: list[Object] = reply["output"]
    items = [cut_item(place, item, random) for place, item in enumerate(output)]
    # Without ids an item has to be told to its end before the next begins.
    inner = merged(items, random) if any("id" in item for item in output) else chain.from_iterable(items)
    ends: list[Object] = [reply, {**reply, "output": []}, {**reply, "output": None}, without_output(reply)]
    events: list[Object] = [
        {"type": "response.created", "response": begun},
        *inner,
        {"type": "response.completed", "response": random.choice(ends)},
    ]
    return b"".join(event(each, each["type"]) for each in events)


def without_output(reply: Object) -> Object:
    return {name: value for name, value in reply.items() if name != "output"}


@given(responses(), st.randoms(use_true_random=False))
def test_a_response_that_was_cut_into_events_is_the_response(reply: Object, random: Random) -> None:
    whole = parse_response(RESPONSES, 200, JSON, msgspec.json.encode(reply))
    streamed = added_up(RESPONSES, ResponseAccumulator(), response_stream(reply, random))
    assert msgspec.to_builtins(streamed) == msgspec.to_builtins(whole)
    assert streamed == whole
