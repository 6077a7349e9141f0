"""Sound as MiMo speaks it: samples, and the head that makes a file of them.

Rules: streamed speech is PCM: 24,000 samples a second, one channel, 16 bits each with the low byte first (MiMo's page
on speech synthesis). Each piece of a stream is base64 by itself: decode first, then join.
"""

from __future__ import annotations

import io
import wave

__all__ = ["pcm_to_wav"]

SAMPLE_RATE_HZ = 24_000
SAMPLE_BYTES = 2


def pcm_to_wav(pcm: bytes, *, rate: int = SAMPLE_RATE_HZ) -> bytes:
    """Make a WAV file of samples as MiMo streams them.

    Args:
        pcm: The samples: one channel, 16 bits each with the low byte first. Half a sample at the end, of speech that
            was cut, is left out.
        rate: How many samples a second has, in Hz.
    """
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_BYTES)
        sound.setframerate(rate)
        sound.writeframes(pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES])
    return file.getvalue()
