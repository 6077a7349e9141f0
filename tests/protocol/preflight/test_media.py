"""Images, sound, video and files, wherever in the history they stand."""

from __future__ import annotations

from typing import Any

import pytest

from mimo_proto.models.model_facts import MODEL_FACTS
from tests.support.preflighting import CHAT, IMAGE, RESPONSES, found, only

AUDIO = {"type": "input_audio", "input_audio": {"data": "https://example.com/a.wav"}}
VIDEO = {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}
ITEMS = [
    {"type": "input_image", "image_url": "https://example.com/cat.png"},
    {"type": "input_audio", "audio_url": "https://example.com/a.wav"},
    {"type": "input_video", "video_url": "https://example.com/a.mp4"},
]


def shows(*parts: dict[str, Any], model: str = "mimo-v2.6-pro", role: str = "user") -> dict[str, Any]:
    return {"model": model, "messages": [*CHAT["messages"], {"role": role, "content": list(parts)}]}


def places(request: dict[str, Any], code: str) -> list[str]:
    return [path for each, _, path in found(request) if each == code]


@pytest.mark.parametrize("role", ["user", "tool"])
def test_media_to_a_model_that_takes_none(role: str) -> None:
    text = {"type": "text", "text": "look"}
    request = shows(text, IMAGE, AUDIO, VIDEO, model="mimo-v2.5-pro", role=role)
    assert places(request, "no_medium") == [f"$.messages[1].content[{at}]" for at in (1, 2, 3)]


def test_media_deep_in_the_history() -> None:
    deep = shows(IMAGE, model="mimo-v2.5-pro")
    deep["messages"] += [{"role": "assistant", "content": "A cat."}, {"role": "user", "content": "Thanks."}] * 50
    assert places(deep, "no_medium") == ["$.messages[1].content[0]"]


def test_media_in_the_items_of_responses() -> None:
    message = {"role": "user", "content": [{"type": "input_text", "text": "look"}, *ITEMS]}
    output = {"type": "function_call_output", "call_id": "1", "output": ITEMS[:1]}
    request = {**RESPONSES, "model": "mimo-v2.5-pro", "input": [message, output]}
    assert places(request, "no_medium") == [
        *(f"$.input[0].content[{at}]" for at in (1, 2, 3)),
        "$.input[1].output[0]",
    ]
    assert found({**request, "model": "mimo-v2.6-pro"}) == []


def test_models_that_take_some() -> None:
    assert found(shows(IMAGE, AUDIO, VIDEO)) == []
    assert found(shows(IMAGE, AUDIO, VIDEO, model="mimo-v2.6-flash")) == []
    [finding] = [each for each in found(shows(IMAGE, model="mimo-v2.5-asr")) if each[0] == "no_medium"]
    assert finding[1] == "refused"


def test_what_nobody_said_of_a_model_is_not_held_against_it() -> None:
    assert "media" in MODEL_FACTS["mimo-v2-pro"].unproven
    assert places(shows(IMAGE, model="mimo-v2-pro"), "no_medium") == []


@pytest.mark.parametrize("media_type", ["image/tiff", "text/plain", ""])
def test_images_in_another_format(media_type: str) -> None:
    request = shows({"type": "image_url", "image_url": {"url": f"data:{media_type};base64,AAAA"}})
    assert found(request) == [("image_format", "refused", "$.messages[1].content[0]")]
    item = {"role": "user", "content": [{"type": "input_image", "image_url": f"DATA:{media_type},AAAA"}]}
    assert found({**RESPONSES, "input": [item]}) == [("image_format", "refused", "$.input[0].content[0]")]


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,AAAA", "data:IMAGE/JPEG;base64,AAAA", "https://e.com/a.tiff", 3]
)
def test_images_in_a_format_that_mimo_takes_or_nobody_knows(url: object) -> None:
    assert found(shows({"type": "image_url", "image_url": {"url": url}})) == []


def test_the_detail_of_an_image() -> None:
    detailed = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": "low"}}
    assert found(shows(detailed)) == [("image_detail", "ignored", "$.messages[1].content[0]")]
    item = {"role": "user", "content": [{**ITEMS[0], "detail": "high"}]}
    assert found({**RESPONSES, "input": [item]}) == [("image_detail", "ignored", "$.input[0].content[0]")]
    assert found(shows({**IMAGE, "detail": None})) == found(shows({**ITEMS[0], "detail": None})) == []
    assert (
        found(shows({"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": None}})) == []
    )


def test_files() -> None:
    finding = only(shows({"type": "file", "file": {"file_id": "1"}}))
    assert (finding.code, finding.severity, finding.path) == ("no_files", "refused", "$.messages[1].content[0]")
    assert "as images" in finding.message
