"""Test doubles: a MiMo on 127.0.0.1 that a test can script, and the spec's recorded payloads and streams."""

from __future__ import annotations

from .recordings import recorded, recordings
from .replies import Received
from .rules import Refusal
from .script import Gate, RawReply, Scripted
from .server import LoopbackServer
from .turns import Call, Turn

__all__ = [
    "LoopbackServer",
    "Received",
    "Turn",
    "Call",
    "Refusal",
    "RawReply",
    "Gate",
    "Scripted",
    "recorded",
    "recordings",
]
