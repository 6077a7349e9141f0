"""Sound as MiMo speaks it."""

from __future__ import annotations

import io
import struct
import wave

import pytest

from mimo_proto import ConfigurationError, pcm_to_wav

SAMPLES = struct.pack("<4h", 0, 1000, -1000, 32767)


@pytest.mark.parametrize("rate", [None, 8_000])
def test_samples_become_a_file(rate: int | None) -> None:
    made = pcm_to_wav(SAMPLES) if rate is None else pcm_to_wav(SAMPLES, rate=rate)
    with wave.open(io.BytesIO(made)) as sound:
        assert sound.getparams()[:4] == (1, 2, rate or 24_000, 4)
        assert sound.readframes(9) == SAMPLES


def test_the_head_says_how_long_the_file_is() -> None:
    made = pcm_to_wav(SAMPLES)
    assert (made[:4], made[8:16], made[36:40]) == (b"RIFF", b"WAVEfmt ", b"data")
    assert struct.unpack("<I", made[4:8]) == (len(made) - 8,)
    assert struct.unpack("<I", made[40:44]) == (len(SAMPLES),)
    assert made[44:] == SAMPLES


def test_half_a_sample_is_left_out() -> None:
    assert pcm_to_wav(SAMPLES + b"\x01") == pcm_to_wav(SAMPLES)


@pytest.mark.parametrize("rate", [0, -1, 2**31])
def test_a_rate_that_no_file_has(rate: int) -> None:
    with pytest.raises(ConfigurationError, match="no rate of samples"):
        pcm_to_wav(SAMPLES, rate=rate)
    assert pcm_to_wav(SAMPLES, rate=2**31 - 1)


def test_no_samples_are_a_file_too() -> None:
    assert len(pcm_to_wav(b"")) == 44
