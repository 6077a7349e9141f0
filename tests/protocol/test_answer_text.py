"""The text of the answer, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto import CHAT_COMPLETIONS, RESPONSES, ResponseStreamEvent, StreamDecoder
from mimo_proto.protocol.answer_text import AnswerText
from tests.support.payloads import CHAT_EVENTS, RESPONSE_EVENTS
from tests.support.sums import CHUNKS, EVENTS, text_delta

if TYPE_CHECKING:
    from collections.abc import Sequence


def decoded(endpoint: Any, pieces: Sequence[bytes]) -> list[Any]:
    return list(StreamDecoder[Any](endpoint).events(pieces))


def test_the_answers_words() -> None:
    assert [*map(AnswerText(), decoded(CHAT_COMPLETIONS, CHAT_EVENTS))] == ["Hello", " world", ""]
    assert [*map(AnswerText(), decoded(RESPONSES, RESPONSE_EVENTS))] == ["", "Hello", " world", ""]


def test_the_answers_words_are_of_the_first_choice_and_no_thoughts() -> None:
    answer_text = AnswerText()
    chunk = CHUNKS.build(
        {
            "choices": [
                {"index": 1, "delta": {"content": "no"}},
                {"index": 0, "delta": {"content": "yes", "reasoning_content": "hm"}},
            ]
        }
    )
    assert answer_text(chunk) == "yes"
    thought: ResponseStreamEvent = EVENTS.build(text_delta("hm", kind="reasoning_text"))
    assert answer_text(thought) == ""
    assert answer_text(EVENTS.build({"type": "response.new", "delta": "x"})) == ""


def test_a_message_counts_where_no_delta_has_said_anything() -> None:
    def chunk(content: Any, whole: Any, index: int = 0) -> Any:
        return CHUNKS.build({"choices": [{"index": index, "delta": {"content": content}, "message": whole}]})

    answer_text = AnswerText()
    assert answer_text(chunk(None, {"content": "other"}, 1)) == ""
    assert answer_text(chunk("", {"content": ""})) == ""
    assert answer_text(chunk(None, {"content": None, "reasoning_content": "hm"})) == ""
    assert answer_text(chunk(None, {"content": "hello"})) == "hello"
    assert answer_text(chunk(None, {"content": "hello"})) == ""
    assert answer_text(chunk(" you", {"content": "hello you"})) == " you"
