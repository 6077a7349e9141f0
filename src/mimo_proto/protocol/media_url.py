"""Sound as MiMo takes it: an http(s) address or a data URL (RFC 2397), where OpenAI has bare base64 and a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["audio_url"]

URL_PREFIXES = ("data:", "http://", "https://")
# The media types that are not called like the format (RFC 3003; MiMo's page on speech recognition).
MEDIA_TYPES = {"mp3": "audio/mpeg"}


def audio_url(audio: Mapping[str, Any]) -> Any:
    """Give the URL of a sound.

    Args:
        audio: An object with `data`, which is a URL or bare base64, and `format`, such as `wav`.

    Returns:
        The URL; `data` as it is where it is no text, or where no format says what it is.
    """
    data, audio_format = audio.get("data"), audio.get("format")
    if not isinstance(data, str) or data.startswith(URL_PREFIXES) or not isinstance(audio_format, str):
        return data
    return f"data:{MEDIA_TYPES.get(audio_format, f'audio/{audio_format}')};base64,{data}"
