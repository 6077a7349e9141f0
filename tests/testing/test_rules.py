"""What the server refuses, held to the bodies that people quoted (spec/examples/ErrorResponse.*)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mimo_proto.models.model_facts import MODEL_FACTS, ModelFacts
from mimo_proto.testing import LoopbackServer, Refusal, recorded
from mimo_proto.testing.rules import Strictness, refuse_chat, refuse_response
from tests.support.calling import CHAT, RESPONSES, call, said, tool
from tests.support.schemas import properties

HOTTEST = float(properties("ChatCompletionRequest")["temperature"]["maximum"])
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
LISTED = {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "1"}


TOO_LARGE = (
    "max_completion_tokens is too large: {asked}. "
    "This model supports at most {cap} completion tokens, whereas you provided {asked}."
)


def history(assistant: dict[str, Any], **more: Any) -> dict[str, Any]:
    user = {"role": "user", "content": "hi"}
    return {"model": "mimo-v2.6-pro", "messages": [user, {"role": "assistant", **assistant}, RESULT], **more}


def shows(part: dict[str, Any], model: str = "mimo-v2.6-pro") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": [part]}]}


def speech(model: str, *messages: tuple[str, Any], **audio: Any) -> dict[str, Any]:
    told = [{"role": role, "content": content} for role, content in messages]
    return {"model": model, "messages": told, "audio": audio}


def sound(*parts: dict[str, Any]) -> dict[str, Any]:
    told = [{"type": "input_audio", "input_audio": part} for part in parts]
    return {"model": "mimo-v2.5-asr", "messages": [{"role": "user", "content": told}]}


def with_text(body: dict[str, Any]) -> dict[str, Any]:
    """The request with a text beside the sound."""
    [message] = body["messages"]
    parts = [{"type": "text", "text": "What is said?"}, *message["content"]]
    return {**body, "messages": [{**message, "content": parts}]}


VOICES = "invalid voice, must be one of: mimo_default, 冰糖, 茉莉, 苏打, 白桦, mia, chloe, milo, dean"


@pytest.mark.wrong_requests
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize(
    ("path", "body", "example"),
    [
        (CHAT, said("hi", model="MiMo-V2.5-Pro"), "400.unknown_model"),
        (CHAT, said("hi", n=2), "400.n"),
        (CHAT, said("hi", reasoning_effort="max"), "400.reasoning_effort"),
        (CHAT, said("hi", max_completion_tokens=131_100), "400.max_completion_tokens"),
        (CHAT, said("hi", tools=[{"type": "web_search_preview"}]), "400.tool_type"),
        (CHAT, history({"content": None}), "400.text_not_present"),
        (CHAT, history({"content": "", "tool_calls": [CALL]}), "400.reasoning_content"),
        (CHAT, shows(IMAGE, "mimo-v2.5-pro"), "404.image"),
        (
            CHAT,
            {"model": "mimo-v2.5-pro", "messages": [{"role": "tool", "tool_call_id": "1", "content": [IMAGE]}]},
            "400.text_not_set",
        ),
        (
            CHAT,
            shows({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}}),
            "400.image_format",
        ),
        (CHAT, with_text(sound({"data": "AAAA", "format": "wav"})), "400.recognition_text"),
        (
            RESPONSES,
            {"model": "mimo-v2.6-pro", "input": "hi", "tools": [{"type": "web_search"}]},
            "400.responses_feature",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value[0] == "4" else "",
)
def test_a_refusal_has_the_words_that_people_quoted(
    server: LoopbackServer, path: str, body: dict[str, Any], example: str, streamed: bool
) -> None:
    answered = call(server, path, {**body, "stream": True} if streamed else body)
    assert answered.status == int(example[:3])
    assert answered.body.startswith(b"data:{") == streamed
    assert answered.body.endswith(b"}\n\n") == streamed
    assert json.loads(answered.body.removeprefix(b"data:")) == json.loads(recorded(f"ErrorResponse.{example}.json"))


def test_the_body_to_somebody_who_asked_for_a_stream_is_the_one_on_record() -> None:
    refusal = refuse_chat(history({"content": "", "tool_calls": [CALL]}))
    assert refusal is not None
    assert refusal.body(streamed=True).strip() == recorded("ErrorResponse.400.reasoning_content_stream.txt").strip()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (None, "the body is no JSON object"),
        ([], "the body is no JSON object"),
        ({"messages": []}, "Object missing required field `model`"),
        ({"model": 1, "messages": []}, "Expected `str`, got `int` - at `$.model`"),
        ({"model": "mimo-v2.5"}, "Object missing required field `messages`"),
        (said("hi", temperature=HOTTEST + 0.1), f"Expected `float` <= {HOTTEST} - at `$.temperature`"),
        (said("hi", top_p=0), "Expected `float` >= 0.01 - at `$.top_p`"),
        (said("hi", presence_penalty=-3), "Expected `float` >= -2.0 - at `$.presence_penalty`"),
        (said("hi", max_completion_tokens=0), "Expected `int` >= 1 - at `$.max_completion_tokens`"),
        (said("hi", stop=list("abcde")), "Expected `array` of length <= 4 - at `$.stop`"),
        (
            said("hi", response_format={"type": "json_schema"}),
            "Invalid enum value 'json_schema' - at `$.response_format.type`",
        ),
        (
            said("hi", messages=[{"role": "function", "content": ""}]),
            "Invalid value 'function' - at `$.messages[0].role`",
        ),
        (said("hi", messages=[{"role": "assistant"}]), "`text` is not present"),
        (shows({"type": "file", "file": {}}), "file type is not supported"),
        (
            said("hi", tools=[tool("f"), tool("g", pair=LISTED)]),
            "$.tools[1].function.parameters.properties.pair.items: a list is no schema in JSON Schema 2020-12",
        ),
        (
            said("hi", model="mimo-v2.5-tts", max_completion_tokens=8193),
            TOO_LARGE.format(asked=8193, cap=8192),
        ),
        (speech("mimo-v2.5-tts", ("user", "calm")), "an assistant message must hold the text to be spoken"),
        (
            speech("mimo-v2.5-tts", ("system", "calm")),
            "speech synthesis takes user and assistant messages, each a text",
        ),
        (speech("mimo-v2.5-tts", ("assistant", [])), "speech synthesis takes user and assistant messages, each a text"),
        (speech("mimo-v2.5-tts-voiceclone", ("assistant", "hi")), "audio.voice must hold a sample of the voice"),
        (
            speech("mimo-v2.5-tts-voicedesign", ("assistant", "hi")),
            "voice design takes a user message that describes the voice, and no audio.voice",
        ),
        (
            speech("mimo-v2.5-tts-voicedesign", ("user", "old"), ("assistant", "hi"), voice="Mia"),
            "voice design takes a user message that describes the voice, and no audio.voice",
        ),
        (speech("mimo-v2.5-tts", ("assistant", "hi"), voice="alloy"), VOICES),
        (speech("mimo-v2.5-tts", ("assistant", "hi"), voice="MIA"), VOICES),
        (
            speech("mimo-v2.5-tts", ("assistant", "hi"), format="opus"),
            "Invalid enum value 'opus' - at `$.audio.format`",
        ),
        *[
            (body, "speech recognition takes one user message with one sound in base64")
            for body in (
                said("hi", model="mimo-v2.5-asr"),
                said("hi", "there", model="mimo-v2.5-asr"),
                sound(),
                sound({"data": "AAAA", "format": "wav"}, {"data": "AAAA", "format": "wav"}),
                sound({"data": "https://example.com/a.wav", "format": "wav"}),
                sound({"data": "data:audio/wav;base64,?"}),
                sound({"data": "data:audio/wav;base64,"}),
            )
        ],
        *[
            (body, "format must be one of: wav, mp3")
            for body in (
                sound({"data": "AAAA"}),
                sound({"data": "AAAA", "format": "flac"}),
                sound({"data": "data:audio/ogg;base64,AAAA"}),
            )
        ],
        (
            {**sound({"data": "AAAA", "format": "wav"}), "asr_options": {"language": "ZH"}},
            "Invalid enum value 'ZH' - at `$.asr_options.language`",
        ),
    ],
)
def test_chat_refuses(body: Any, param: str) -> None:
    assert refuse_chat(body) == Refusal(400, param=param)


@pytest.mark.parametrize(
    "body",
    [
        said("hi", n=1, seed=3, reasoning_effort="low", max_tokens=5, stream_options={"include_usage": True}),
        said(),
        said("hi", temperature=HOTTEST, top_p=0.01, stop=list("abcd"), max_completion_tokens=None, stream=None),
        history({"content": "", "tool_calls": [CALL], "reasoning_content": ""}),
        history({"tool_calls": [CALL], "reasoning_content": "I call."}),
        history({"content": None, "tool_calls": [CALL], "reasoning_content": "I call."}),
        history({"content": "", "tool_calls": [CALL]}, thinking={"type": "disabled"}),
        shows(IMAGE),
        shows({"type": "text", "text": "hi"}, "mimo-v2.5-pro"),
        shows({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
        speech("mimo-v2.5-tts", ("assistant", "hi"), voice="mia", speed=1.5),
        {**speech("mimo-v2.5-tts", ("assistant", "hi"), voice="Mia"), "modalities": ["text", "audio"]},
        speech("mimo-v2.5-tts", ("assistant", "hi"), voice="mimo_default"),
        speech("mimo-v2.5-tts-voiceclone", ("assistant", "hi"), voice="UklGRg=="),
        speech("mimo-v2.5-tts-voiceclone", ("assistant", "hi"), voice="data:audio/wav;base64,UklGRg=="),
        speech("mimo-v2.5-tts-voicedesign", ("user", "old"), optimize_text_preview=True),
        sound({"data": "data:audio/mpeg;base64,AAAA"}),
        {**sound({"data": "AAAA", "format": "mp3"}), "asr_options": {"language": "zh"}},
        said("hi", tools=[tool("f")], tool_choice="required"),
        said("hi", tools=[tool("f")], tool_choice={"type": "function", "function": {"name": "f"}}),
        said("hi", tool_choice=None),
    ],
)
def test_chat_takes(body: Any) -> None:
    assert refuse_chat(body) is None


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"model": "mimo-v9"}, Refusal(400, "Unsupported model", "mimo-v9")),
        ({"model": "mimo-v2.5-tts"}, Refusal(400, "Unsupported model", "mimo-v2.5-tts")),
        ({"model": None}, Refusal(400, param="Expected `str`, got `null` - at `$.model`")),
        ({"max_output_tokens": 131_073}, Refusal(400, param="Expected `int` <= 131072 - at `$.max_output_tokens`")),
        (
            {"input": [{"type": "item_reference"}]},
            Refusal(400, param="Invalid value 'item_reference' - at `$.input[0].type`"),
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            Refusal(400, param="file type is not supported"),
        ),
        (
            {
                "model": "mimo-v2.5-pro",
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "1",
                        "output": [{"type": "input_audio", "audio_url": "https://example.com/a.wav"}],
                    }
                ],
            },
            Refusal(404, "No endpoints found that support audio input"),
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:text/plain,x"}]}]},
            Refusal(400, param="invalid image format, only bmp/gif/png/jpeg/webp"),
        ),
        (
            {"text": {"format": {"type": "json_schema"}}},
            Refusal(
                400,
                "text.format type 'json_schema' is not supported, only 'text' and 'json_object' are allowed",
                None,
                "responses_feature_not_supported",
                "unsupported_feature",
            ),
        ),
        (
            {"previous_response_id": "resp_1"},
            Refusal(
                400,
                "previous_response_id requires stored response history and is planned for phase two.",
                None,
                "responses_feature_not_supported",
                "unsupported_feature",
            ),
        ),
        (
            {"tools": [{"type": "function", "name": "f", "parameters": {"properties": {"pair": LISTED}}}]},
            Refusal(
                400, param="$.tools[0].parameters.properties.pair.items: a list is no schema in JSON Schema 2020-12"
            ),
        ),
    ],
)
def test_responses_refuses(more: dict[str, Any], refusal: Refusal) -> None:
    assert refuse_response({"model": "mimo-v2.6-pro", "input": "hi", **more}) == refusal


@pytest.mark.parametrize(
    "more",
    [
        {"previous_response_id": None, "background": True, "store": False},
        {"input": [{"role": "user", "content": "hi"}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi", "logprobs": None}]}]},
        {"tools": [{"type": "custom", "name": "c"}], "reasoning": {"effort": "ultra", "summary": "auto"}},
        {"tool_choice": {"type": "function", "name": "f"}},
    ],
)
def test_responses_takes(more: dict[str, Any]) -> None:
    assert refuse_response({"model": "mimo-v2.6-pro", "input": "hi", **more}) is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer sk-other"}, {"api-key": "sk-other"}, {"Authorization": "sk-loopback"}],
)
def test_a_missing_or_wrong_key_is_refused(server: LoopbackServer, headers: dict[str, str]) -> None:
    answered = call(server, CHAT, said("hi"), headers=headers)
    assert (answered.status, answered.json) == (401, json.loads(recorded("ErrorResponse.401.json")))


@pytest.mark.parametrize("header", ["Authorization", "api-key"])
def test_the_key_is_taken_in_both_headers_and_kept_from_the_record(header: str) -> None:
    with LoopbackServer(api_key="sk-mine") as server:
        value = "Bearer sk-mine" if header == "Authorization" else "sk-mine"
        assert call(server, CHAT, said("hi"), headers={header: value}).status == 200
        assert server.requests[0].headers[header.lower()] == "***"
        assert "sk-mine" not in repr(server.requests)


@pytest.mark.parametrize("facts", MODEL_FACTS.values(), ids=lambda facts: facts.id)
def test_the_caps_are_those_of_the_facts(facts: ModelFacts) -> None:
    kinds = {
        "text": said("hi", model=facts.id),
        "speech": speech(facts.id, ("user", "calm"), ("assistant", "hi")),
        "recognition": sound({"data": "AAAA", "format": "wav"}),
    }
    body = kinds[facts.kind]
    if facts.voice == "required":
        body["audio"] = {"voice": "data:audio/wav;base64,AAAA"}
    # A cap that is a reading of ours is not held to.
    cap = 131_072 if "output_cap" in facts.unproven else facts.output_cap
    assert refuse_chat({**body, "max_completion_tokens": cap}) is None
    refusal = refuse_chat({**body, "max_completion_tokens": cap + 1})
    assert refusal is not None
    if cap == facts.output_cap:
        assert refusal.param == TOO_LARGE.format(asked=cap + 1, cap=cap)


@pytest.mark.parametrize("facts", MODEL_FACTS.values(), ids=lambda facts: facts.id)
def test_the_media_are_those_of_the_facts(facts: ModelFacts) -> None:
    if facts.kind == "text":
        refusal = refuse_chat(shows(IMAGE, facts.id))
        assert (refusal is None) == ("image" in facts.media or "media" in facts.unproven)


def test_a_model_that_does_not_think_by_itself_needs_no_thinking_back() -> None:
    silent = history({"content": "", "tool_calls": [CALL]}, model="mimo-v2-flash")
    assert refuse_chat(silent) is None
    assert refuse_chat({**silent, "thinking": {"type": "enabled"}}) is not None


@pytest.mark.wrong_requests
@pytest.mark.parametrize("strict", [False, True])
def test_null_beside_calls_is_refused_where_the_server_is_strict_about_it(strict: bool) -> None:
    body = history({"content": None, "tool_calls": [CALL], "reasoning_content": "I call."})
    with LoopbackServer(strict_null_content=strict) as server:
        answered = call(server, CHAT, body)
    assert answered.status == (400 if strict else 200)
    if strict:
        assert answered.json == json.loads(recorded("ErrorResponse.400.text_not_present.json"))
    assert (refuse_chat(body, Strictness(null_content=strict)) is not None) == strict
