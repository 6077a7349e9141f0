"""Projection: narrow types in place of the events, and streams that are still followed to their end."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
import pytest

from mimo_proto import (
    CHAT_COMPLETIONS,
    RESPONSES,
    APIError,
    ConfigurationError,
    DecodeError,
    IncompleteStreamError,
    MimoError,
    ServerError,
    StreamDecoder,
)
from mimo_proto.kept_fields import unknown_fields
from mimo_proto.models import (
    ChatCompletionChunk,
    ChoiceDelta,
    CompletionUsage,
    DeltaToolCall,
    FunctionCallItem,
    OutputItem,
    PromptTokensDetails,
    ResponseCompleted,
)
from mimo_proto.protocol.projection import plan_events
from tests.support.feeding import byte_by_byte, pull, run, whole_blocks
from tests.support.payloads import CHAT_EVENTS, DONE, RESPONSE_EVENTS, chat_chunk, event, response_delta, response_event
from tests.support.stream_cases import CASES

if TYPE_CHECKING:
    from tests.support.stream_cases import Case


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    choices: list[Choice]


class FollowedChoice(msgspec.Struct):
    delta: Delta
    index: int = 0
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET


class FollowedChunk(msgspec.Struct):
    choices: list[FollowedChoice]
    error: msgspec.Raw | None = None


class TextDelta(msgspec.Struct, tag_field="type", tag="response.output_text.delta"):
    delta: str


class Completed(msgspec.Struct, tag_field="type", tag="response.completed"):
    class Response(msgspec.Struct):
        usage: dict[str, Any] | None = None

    response: Response


class OwnError(msgspec.Struct, tag_field="type", tag="error"):
    message: str | None = None


HELLO, WORLD, STOP, _ = CHAT_EVENTS


def test_only_what_is_asked_for_is_decoded() -> None:
    outcome = run(StreamDecoder(CHAT_COMPLETIONS, event_type=Chunk), CHAT_EVENTS)
    assert outcome.events == [
        Chunk([Choice(Delta("Hello"))]),
        Chunk([Choice(Delta(" world"))]),
        Chunk([Choice(Delta(), "stop")]),
    ]
    assert outcome.error is None


def test_only_the_events_that_are_asked_for_come() -> None:
    decoder = StreamDecoder[Any](RESPONSES, event_type=TextDelta)
    assert run(decoder, RESPONSE_EVENTS).events == [TextDelta("Hello"), TextDelta(" world")]
    assert decoder.done


@pytest.mark.parametrize("size", [1, 7, 60, 300])
def test_pieces_of_events_that_nobody_asked_for_hide_no_others(size: int) -> None:
    events = [RESPONSE_EVENTS[0], *[response_delta(word) for word in "abcdefgh"], *RESPONSE_EVENTS[1:]]
    stream = b"".join(events)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    whole = run(StreamDecoder(RESPONSES, event_type=Completed), [stream])
    assert len(whole.events) == 1
    assert run(StreamDecoder(RESPONSES, event_type=Completed), pieces) == whole
    assert pull(StreamDecoder(RESPONSES, event_type=Completed), pieces) == whole


def test_a_terminal_event_that_is_asked_for_comes() -> None:
    decoder = StreamDecoder[Any](RESPONSES, event_type=TextDelta | Completed)
    assert run(decoder, RESPONSE_EVENTS).events[-1] == Completed(Completed.Response())


def test_events_of_unknown_types_do_not_come() -> None:
    stream = [event({"type": "response.queued"}), event({"position": 1}), *RESPONSE_EVENTS]
    assert len(run(StreamDecoder[Any](RESPONSES, event_type=TextDelta), stream).events) == 2


def test_events_that_nobody_asked_for_are_events() -> None:
    decoder = StreamDecoder[Any](RESPONSES, event_type=Completed)
    deltas = [response_delta(text) for text in "abcd"]
    for count, piece in enumerate((*deltas, b": c\n\n" + deltas[0], event({"type": "new"})), 1):
        assert decoder.feed(piece) == []
        assert decoder.events_seen == count


PROJECTIONS: dict[str, Any] = {"chat": Chunk, "responses": TextDelta | Completed}
SEVERAL_CHOICES = {"chat-two-choices", "chat-two-choices-one-cut", "chat-late-choice", "chat-late-choice-unreadable"}
NOT_LOOKED_AT = {"chat-broken-digits", "chat-broken-not-a-number"}
# The projection of the tests has a required `delta`.
STRICTER = {"responses-delta-missing"}
PROJECTED = [case for case in CASES if "-invalid-" not in case.id and case.id not in SEVERAL_CHOICES | STRICTER]


@pytest.mark.parametrize("case", PROJECTED, ids=lambda case: case.id)
def test_every_stream_ends_as_it_does_in_full(case: Case) -> None:
    """The same end, projected; what the projection does not look at cannot be wrong in it."""
    projection = PROJECTIONS[case.id.partition("-")[0]]
    outcomes = [
        outcome
        for pieces in ([case.stream], whole_blocks(case.stream), byte_by_byte(case.stream)[:2_000])
        if b"".join(pieces) == case.stream
        for outcome in (
            run(StreamDecoder[Any](case.endpoint, event_type=projection), pieces),
            pull(StreamDecoder[Any](case.endpoint, event_type=projection), pieces),
        )
    ]
    assert outcomes == [outcomes[0]] * len(outcomes)
    if case.id not in NOT_LOOKED_AT:
        assert outcomes[0].error is case.error


@pytest.mark.parametrize("projection", [Chunk, FollowedChunk])
def test_an_error_that_ends_a_choice_is_raised(projection: Any) -> None:
    """Gateways end a stream with an error beside a choice whose finish reason is "error"."""
    last = chat_chunk("", "error", error={"code": 502, "message": "provider disconnected"})
    with pytest.raises(ServerError, match="provider disconnected"):
        list(StreamDecoder[Any](CHAT_COMPLETIONS, event_type=projection).events([HELLO, WORLD, last]))


def test_an_error_of_the_callers_own_class_is_raised() -> None:
    with pytest.raises(APIError, match="no more"):
        StreamDecoder[Any](RESPONSES, event_type=OwnError).feed(event({"type": "error", "message": "no more"}))


def test_choices_with_an_index_are_followed_each_by_itself() -> None:
    both = chat_chunk("a", None, 0) + chat_chunk("b", None, 1)
    decoder = StreamDecoder[Any](CHAT_COMPLETIONS, event_type=FollowedChunk)
    decoder.feed(both + chat_chunk("", "stop", 0))
    assert not decoder.finished
    decoder.feed(chat_chunk("", "stop", 1))
    assert decoder.finished


def test_without_an_index_one_choice_is_followed() -> None:
    decoder = StreamDecoder[Any](CHAT_COMPLETIONS, event_type=Chunk)
    decoder.feed(chat_chunk("a", None, 0) + chat_chunk("b", None, 1) + chat_chunk("", "stop", 0))
    assert decoder.finished


def test_an_absent_finish_reason_is_none() -> None:
    decoder = StreamDecoder[Any](CHAT_COMPLETIONS, event_type=FollowedChunk)
    decoder.feed(event(b'{"choices": [{"delta": {}}]}'))
    assert not decoder.finished


def test_halves_of_emoji_are_joined_in_a_projection() -> None:
    stream = [chat_chunk("\ud83d"), chat_chunk("\ude00"), chat_chunk("\ud83d"), STOP]
    outcome = run(StreamDecoder(CHAT_COMPLETIONS, event_type=Chunk), stream)
    texts: list[Any] = [one.delta.content for each in outcome.events for one in each.choices]  # type: ignore[attr-defined]
    assert texts == ["", "\U0001f600", "", "\ufffd", None]


# Fields that a projection does not have


class WithUsage(msgspec.Struct):
    """A caller's own, with Structs of the spec in it; read by position too."""

    choices: list[Choice]
    usage: CompletionUsage | None = None
    model: str = ""


class WithCalls(msgspec.Struct, frozen=True):
    choices: tuple[WithCallsChoice, ...]


class WithCallsChoice(msgspec.Struct, frozen=True):
    delta: ChoiceDelta
    finish_reason: str | None = None
    others: list[WithCallsChoice] = []


NEW_IN_USAGE = event(
    {"choices": [], "usage": {"total_tokens": 3, "new": 1, "prompt_tokens_details": {"new": 1}}, "new": 1}
)


def test_structs_of_the_spec_in_a_projection_ignore_what_they_do_not_know() -> None:
    decoder: Any = plan_events(CHAT_COMPLETIONS, WithUsage).decoder
    payload = NEW_IN_USAGE.removeprefix(b"data: ")
    chunk = decoder.strict(payload)
    known = WithUsage([], CompletionUsage(total_tokens=3, prompt_tokens_details=PromptTokensDetails()))
    assert isinstance(chunk, WithUsage)
    assert isinstance(chunk.usage, CompletionUsage)
    assert unknown_fields(chunk.usage) == {}
    assert known == chunk == known
    assert (known != chunk) is False
    assert pickle.loads(pickle.dumps(chunk)) == known
    assert type(pickle.loads(pickle.dumps(chunk))) is WithUsage
    # The slow path does the same.
    assert decoder.decode(payload.replace(b": 3", b": 3.0")) == known
    match chunk:
        case WithUsage([], usage, model):
            assert (usage, model) == (known.usage, "")
        case _:
            pytest.fail(repr(chunk))
    # The same Struct goes on refusing elsewhere, and so learns.
    full: Any = plan_events(CHAT_COMPLETIONS).decoder.decode(payload)
    assert unknown_fields(full.usage) == {"new": 1}


def test_structs_that_hold_themselves_and_are_frozen() -> None:
    decoder: Any = plan_events(CHAT_COMPLETIONS, WithCalls).decoder
    inner = {"delta": {"content": "hi", "new": 1, "tool_calls": [{"index": 0, "new": 1}]}}
    chunk = decoder.strict(msgspec.json.encode({"choices": [{"delta": {"new": 1}, "others": [inner]}]}))
    [other] = chunk.choices[0].others
    assert isinstance(other, WithCallsChoice)
    assert other == WithCallsChoice(ChoiceDelta(content="hi", tool_calls=[DeltaToolCall(index=0)]))
    assert chunk == WithCalls((WithCallsChoice(ChoiceDelta(), None, [other]),))


class WithPair(msgspec.Struct):
    class Pair(msgspec.Struct, array_like=True):
        usage: CompletionUsage
        model: str

    choices: list[Choice]
    pair: Pair


def test_a_struct_of_the_spec_in_an_array_ignores_too() -> None:
    decoder: Any = plan_events(CHAT_COMPLETIONS, WithPair).decoder
    chunk = decoder.strict(b'{"choices": [], "pair": [{"new": 1}, "m"]}')
    assert chunk == WithPair([], WithPair.Pair(CompletionUsage(), "m"))


def test_a_projection_is_not_taught() -> None:
    decoder: Any = plan_events(CHAT_COMPLETIONS, WithUsage).decoder
    before = decoder.strict
    for _ in range(3):
        assert (
            run(StreamDecoder[Any](CHAT_COMPLETIONS, event_type=WithUsage), [HELLO, NEW_IN_USAGE, STOP]).error is None
        )
    assert decoder.strict is before


class Forbids(msgspec.Struct, forbid_unknown_fields=True):
    choices: list[Choice]


class ForbidsDelta(msgspec.Struct, tag_field="type", tag="response.output_text.delta", forbid_unknown_fields=True):
    delta: str


def test_a_projection_that_forbids_has_its_way() -> None:
    for _ in range(3):
        with pytest.raises(DecodeError, match="Object contains unknown field `new`") as caught:
            StreamDecoder[Any](CHAT_COMPLETIONS, event_type=Forbids).feed(event({"choices": [], "new": 1}))
        assert caught.value.path == "$"
        with pytest.raises(DecodeError, match="unknown field `new`"):
            StreamDecoder[Any](RESPONSES, event_type=ForbidsDelta).feed(
                event({"type": "response.output_text.delta", "delta": "x", "new": 1})
            )


class Item(msgspec.Struct, tag_field="type", tag="response.output_item.done"):
    item: OutputItem


def test_a_union_of_the_caller_s_own_and_of_the_spec_s() -> None:
    done: Any = {"type": "response.completed", "response": {"output": [], "new": 1}, "new": 2}
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": "", "new": 1}
    item = event({"type": "response.output_item.done", "item": call, "new": 1})
    for _ in range(4):
        decoder = StreamDecoder[Any](RESPONSES, event_type=Item | ResponseCompleted)
        outcome = run(decoder, [item, RESPONSE_EVENTS[1], event(done)])
        assert outcome.error is None
        assert decoder.done
        first, last = cast("tuple[Any, Any]", outcome.events)
        assert first == Item(FunctionCallItem(call_id="1", name="f", arguments=""))
        # What is the spec's own keeps all, and is taught.
        assert (unknown_fields(last), unknown_fields(last.response)) == ({"new": 2}, {"new": 1})


def test_a_projection_that_is_the_spec_s_own_keeps_all() -> None:
    for _ in range(4):
        decoder = StreamDecoder(CHAT_COMPLETIONS, event_type=ChatCompletionChunk)
        [chunk] = decoder.feed(chat_chunk("Hello", new=1))
        assert unknown_fields(chunk) == {"new": 1}


# What is refused


class NoFinish(msgspec.Struct):
    choices: list[Delta]


class ChoicesOptional(msgspec.Struct):
    choices: list[Choice] = []


class ChoicesNullable(msgspec.Struct):
    choices: list[Choice] | None


class ChoicesOfDicts(msgspec.Struct):
    choices: list[dict[str, Any]]


class Renamed(msgspec.Struct, rename={"answers": "choices"}):
    answers: list[Choice]


class RenamedReason(msgspec.Struct, rename={"reason": "finish_reason"}):
    reason: str | None = None


class RenamedReasons(msgspec.Struct):
    choices: list[RenamedReason]


class ArrayLike(msgspec.Struct, array_like=True):
    choices: list[Choice]


class ArrayLikeChoice(msgspec.Struct, array_like=True):
    delta: Delta
    finish_reason: str | None = None


class ArrayLikeChoices(msgspec.Struct):
    choices: list[ArrayLikeChoice]


class TwoOfAKind(msgspec.Struct):
    choices: list[Choice]
    either: Delta | Choice | None = None


class Untagged(msgspec.Struct):
    delta: str


class TaggedOtherwise(msgspec.Struct, tag_field="kind", tag="response.output_text.delta"):
    delta: str


class TaggedByNumber(msgspec.Struct, tag_field="type", tag=1):
    delta: str


@pytest.mark.parametrize(
    ("projection", "words"),
    [
        (Delta, "required field `choices`"),
        (ChoicesOptional, "required field `choices`"),
        (Renamed, "required field `choices`"),
        (ChoicesNullable, "list of Structs with a field `finish_reason`"),
        (ChoicesOfDicts, "list of Structs with a field `finish_reason`"),
        (NoFinish, "list of Structs with a field `finish_reason`"),
        (RenamedReasons, "list of Structs with a field `finish_reason`"),
        (dict, "must be a Struct"),
        (int, "must be a Struct"),
        (ArrayLike, "not array_like"),
        (ArrayLikeChoices, "not array_like"),
        (0, "not a type to decode into"),
        ([], "not a type to decode into"),
        ("Chunk", "not a type to decode into"),
        (TwoOfAKind, "not a type to decode into: .* must be tagged"),
    ],
)
def test_a_chat_projection_that_cannot_be_followed(projection: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        StreamDecoder[Any](CHAT_COMPLETIONS, event_type=projection)
    assert caught.value.__context__ is None


class TaggedArray(msgspec.Struct, tag_field="type", tag="response.output_text.delta", array_like=True):
    delta: str


@pytest.mark.parametrize(
    "projection", [Untagged, TaggedOtherwise, TaggedByNumber, TaggedArray, TextDelta | None, dict, int, 0]
)
def test_a_responses_projection_that_is_no_union_of_tagged_structs(projection: Any) -> None:
    with pytest.raises(ConfigurationError, match='tag_field="type"'):
        StreamDecoder[Any](RESPONSES, event_type=projection)


class OtherTextDelta(msgspec.Struct, tag_field="type", tag="response.output_text.delta"):
    delta: msgspec.Raw


def test_two_structs_for_one_event_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"TextDelta.* and .*OtherTextDelta.* 'response\.output_text\.delta'"):
        StreamDecoder[Any](RESPONSES, event_type=TextDelta | OtherTextDelta)


@pytest.mark.parametrize("annotation", ["list[Nowhere]", "list[", "msgspec.nowhere"])
def test_an_annotation_that_means_nothing_is_refused(annotation: str) -> None:
    meaning: Any = annotation
    chunk = msgspec.defstruct("Odd", [("choices", meaning)], module=__name__)
    delta = msgspec.defstruct("Odd", [("delta", meaning)], module=__name__, tag_field="type", tag="response.new")
    for endpoint, projection in ((CHAT_COMPLETIONS, chunk), (RESPONSES, delta)):
        with pytest.raises(ConfigurationError, match=r"Odd.* is not a type to decode into") as caught:
            StreamDecoder[Any](endpoint, event_type=projection)
        assert caught.value.__context__ is None


def test_a_choice_may_be_bounded() -> None:
    class Bounded(msgspec.Struct):
        choices: Annotated[list[Choice], msgspec.Meta(max_length=2)]

    assert plan_events(CHAT_COMPLETIONS, Bounded).decoder.decode(b'{"choices": []}') == Bounded([])


def test_a_type_is_looked_over_once() -> None:
    assert plan_events(RESPONSES, TextDelta) is plan_events(RESPONSES, TextDelta)


# Endpoints that extend the spec


def test_an_endpoint_may_bring_its_own_events() -> None:
    chat = msgspec.structs.replace(CHAT_COMPLETIONS, event=Chunk)
    assert run(StreamDecoder(chat), CHAT_EVENTS) == run(StreamDecoder(CHAT_COMPLETIONS, event_type=Chunk), CHAT_EVENTS)
    narrow = msgspec.structs.replace(RESPONSES, event=TextDelta)
    decoder = StreamDecoder(narrow)
    first, *others = run(decoder, [response_event("response.queued"), *RESPONSE_EVENTS[1:]]).events
    assert first == {"type": "response.queued"}
    assert others == [TextDelta("Hello"), TextDelta(" world")]
    assert decoder.done


def test_what_does_not_fit_the_projection_is_an_error() -> None:
    class Strict(msgspec.Struct):
        choices: list[Choice]
        model: int

    with pytest.raises(DecodeError) as caught:
        StreamDecoder[Any](CHAT_COMPLETIONS, event_type=Strict).feed(HELLO)
    assert caught.value.path == "$.model"


def test_a_cut_projection_is_incomplete() -> None:
    for projection, pieces in ((Chunk, [HELLO]), (FollowedChunk, [HELLO, DONE[:4]])):
        error: type[MimoError] = IncompleteStreamError
        assert pull(StreamDecoder[Any](CHAT_COMPLETIONS, event_type=projection), pieces).error is error
