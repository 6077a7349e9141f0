"""What tolerance costs: nothing where it is not needed, little where a server is ahead of the spec."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.block import Block, section
from bench.decode import PROTOCOLS, checked, decode_all, endpoint_of, event_loop
from bench.payloads import record
from bench.rivals import floor_decoder, type_of
from bench.twins import ignoring
from mimo_proto.protocol.decode import TolerantDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.payloads import Protocol

__all__ = ["added_field", "added_field_block", "tolerance"]

TIMES = 500

# A field that stands in every delta, and one that is put before it.
ADDED = {"chat": (b'"content":', b'"mood":"calm","content":'), "responses": (b'"delta":', b'"mood":"calm","delta":')}


def added_field(protocol: Protocol, count: int) -> list[bytes]:
    """A stream of which each delta has a field that the spec lacks; one event a feed."""
    return [event.replace(*ADDED[protocol]) for event in record(protocol, "LF", count).events]


def added_field_block(protocol: Protocol) -> Block:
    """The field kept, by the library's own Structs, against the same field ignored, by twins of them."""
    chunks = added_field(protocol, TIMES)
    endpoint = endpoint_of(protocol)
    twins = endpoint.with_types(request=endpoint.request, reply=endpoint.reply, event=ignoring(type_of(protocol)))
    block = Block(f"{protocol}, a field that the spec lacks in every delta")
    for name, each in {"ignored": twins, "kept": endpoint}.items():
        block.cpu(name, checked(protocol, name, event_loop(protocol, endpoint=each), chunks), units=TIMES)
    block.at_most("kept", "ignored", 1.15)
    return block


def known_block(protocol: Protocol) -> Block:
    """The tolerant decoder against msgspec's own, into the same Structs."""
    payloads = record(protocol, "LF", TIMES).payloads
    block = Block(f"{protocol}, known events")
    block.cpu("msgspec", partial(decode_all, floor_decoder(protocol), payloads), units=TIMES)
    block.cpu("tolerant", partial(decode_all, TolerantDecoder(type_of(protocol)).decode, payloads), units=TIMES)
    block.at_most("tolerant", "msgspec")
    return block


def unknown_event_block() -> Block:
    """An event of which the spec has no type against the same event with a type that it has."""
    known = record("responses", "LF", TIMES).payloads[TIMES // 2]
    decode = TolerantDecoder(type_of("responses")).decode
    block = Block("responses, an event that the spec lacks")
    for name, payload in {
        "known": known,
        "unknown": known.replace(b"output_text.delta", b"output_smell.delta"),
    }.items():
        block.cpu(name, partial(decode_all, decode, [payload] * TIMES), units=TIMES)
    block.at_most("unknown", "known")
    return block


@section("tolerant", "What the spec does not know")
def tolerance(quick: bool) -> Iterator[Block]:
    """CPU time an event: a stream with a field that the spec lacks in each delta, kept against ignored.

    Kept: by the library's Structs, which have learned the field's name; ignored: by twins of them that skip it.
    Without a budget: the tolerant decoder where nothing is new, and an event of which the spec has no type.
    """
    for protocol in PROTOCOLS:
        yield added_field_block(protocol)
        if not quick:
            yield known_block(protocol)
    if not quick:
        yield unknown_event_block()
