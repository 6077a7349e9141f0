"""Sound as MiMo speaks it: samples, and the head that makes a file of them.

Rules: streamed speech is PCM: 24,000 samples a second, one channel, 16 bits each with the low byte first (MiMo's page
on speech synthesis). Each piece of a stream is base64 by itself: decode first, then join.
"""

from __future__ import annotations

import io
import wave

from mimo_proto.errors import ConfigurationError

__all__ = ["pcm_to_wav"]

SAMPLE_RATE_HZ = 24_000
SAMPLE_BYTES = 2
# The head has 32 bits for the bytes of a second.
MAX_RATE_HZ = (2**32 - 1) // SAMPLE_BYTES


def pcm_to_wav(pcm: bytes, *, rate: int = SAMPLE_RATE_HZ) -> bytes:
    """Make a WAV file of samples as MiMo streams them.

    Args:
        pcm: The samples: one channel, 16 bits each with the low byte first. Half a sample at the end, of speech that
            was cut, is left out.
        rate: How many samples a second has, in Hz.

    Raises:
        ConfigurationError: The rate is none that a WAV file can name.
    """
    if not 0 < rate <= MAX_RATE_HZ:
        raise ConfigurationError(f"{rate} is no rate of samples: one is from 1 to {MAX_RATE_HZ} Hz")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_BYTES)
        sound.setframerate(rate)
        sound.writeframes(pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES])
    return file.getvalue()
