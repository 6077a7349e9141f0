"""Parts that are no text: images, sound, video and files, wherever in the history they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mimo_proto.protocol.foreign_names import foreign_names
from mimo_proto.protocol.json_types import text_or_empty
from mimo_proto.protocol.preflight.check import Rule, elements, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mimo_proto.models.model_facts import ModelFacts
    from mimo_proto.protocol.preflight.check import Check

__all__ = ["check_parts", "takes_medium"]

NO_MEDIUM = Rule(
    "no_medium",
    "refused",
    'MiMo answers 404, "No endpoints found that support {medium} input": "{model}" takes {taken}, and the conversation '
    "stays refused for as long as the part is in the history; take it out, or another model",
    "CHAT-2 RESP-2 XiaomiMiMo/MiMo#62 XiaomiMiMo/MiMo#79",
)
IMAGE_FORMAT = Rule(
    "image_format",
    "refused",
    'MiMo answers 400, "invalid image format", to {format}; send BMP, GIF, PNG, JPEG or WebP',
    "MEDIA XiaomiMiMo/MiMo-Code#351",
)
IMAGE_DETAIL = Rule(
    "image_detail",
    "ignored",
    "MiMo has no `detail` for images; send a smaller image for fewer tokens",
    "CHAT-2 RESP-2",
)
NO_FILES = Rule("no_files", "refused", "MiMo answers 400 to a file: {advice}", "published probes of 2026-09-28")

MEDIA: Mapping[str, str] = {
    "image_url": "image",
    "input_image": "image",
    "input_audio": "audio",
    "video_url": "video",
    "input_video": "video",
}
"""What is in a part, by the part's type, in both APIs."""

FILES = ("file", "input_file")

# RFC 2397: the media type stands up to the first semicolon or comma; neither it nor the scheme minds upper case.
DATA_URL = re.compile(r"data:([^;,]*)", re.IGNORECASE)
IMAGE_TYPES = {f"image/{name}" for name in ("bmp", "gif", "jpeg", "jpg", "png", "webp")}


def takes_medium(facts: ModelFacts, medium: str) -> bool:
    """Whether a model takes images, audio or video; where nobody said, nothing is held against it."""
    return medium in facts.media or "media" in facts.unproven


def check_parts(check: Check, content: object, *at: str | int) -> None:
    """Look at the parts of a message, or of what a tool gave back, on their way to a host of MiMo's.

    Args:
        check: The request.
        content: The parts, a list or a tuple.
        *at: The place of the content.
    """
    for number, element in enumerate(elements(content)):
        part = members(element)
        kind = text_or_empty(part.get("type"))
        if kind in MEDIA:
            _check_medium(check, part, MEDIA[kind], *at, number)
        elif kind in FILES:
            advice = foreign_names(check.api, "part")[kind].advice
            check.find(NO_FILES, *at, number, advice=advice)


def _check_medium(check: Check, part: Mapping[str, Any], medium: str, *at: str | int) -> None:
    facts = check.facts
    if facts is not None and not takes_medium(facts, medium):
        taken = f"text and {', '.join(facts.media)}" if facts.media else "text only"
        check.find(NO_MEDIUM, *at, medium=medium, model=facts.id, taken=taken)
    if medium == "image":
        _check_image(check, part, *at)


def _check_image(check: Check, part: Mapping[str, Any], *at: str | int) -> None:
    image = part.get("image_url")
    opened = members(image)
    if opened.get("detail", part.get("detail")) is not None:
        check.find(IMAGE_DETAIL, *at)
    url = opened.get("url") if opened else image
    found = DATA_URL.match(url) if isinstance(url, str) else None
    if found and found[1].lower() not in IMAGE_TYPES:
        check.find(IMAGE_FORMAT, *at, format=found[1] or "a data URL without a media type")
