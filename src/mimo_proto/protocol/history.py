"""Thinking that clients do not give back: kept as replies go by, and put back into the next request.

With thinking on, MiMo refuses a history whose tool calls lack the thinking that they came with (its page on deep
thinking), and most clients of OpenAI's APIs drop it. The client never calls this by itself.

Rules:
- What belongs together is found by scope and tool call; a text is never a key, and neither is an empty id
  (`history_entries`). `history_messages` has the rules of Chat, `history_items` those of Responses.
- A reply counts as soon as it is complete: on Chat by its `finish_reason`, on Responses item by item
  (`response.output_item.done`). Whoever leaves there finds it.
- Nothing that a server or a client sent makes an error here: what cannot be read is not remembered.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mimo_proto.errors import DecodeError, LocalProtocolError, MimoError
from mimo_proto.models import ResponseOutputItemDone
from mimo_proto.protocol.adapt import Adapted
from mimo_proto.protocol.chat_accumulator import ChatAccumulator
from mimo_proto.protocol.completion import TERMINAL
from mimo_proto.protocol.decode import plain_value
from mimo_proto.protocol.history_entries import Entries
from mimo_proto.protocol.history_items import Output, restore_items
from mimo_proto.protocol.history_messages import MessageChanges, remember_message, restore_messages
from mimo_proto.protocol.history_store import BoundedStore
from mimo_proto.protocol.json_types import is_array, is_object
from mimo_proto.protocol.response_accumulator import ResponseAccumulator

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from msgspec import Struct

    from mimo_proto.protocol.finding import Finding

__all__ = ["ReasoningMemory", "Watch"]

DEFAULT_MAX_BYTES = 64 * 1024 * 1024


class ReasoningMemory:
    """The thinking of past replies, for requests whose client has dropped it.

    Any number of threads may use it, if they may use the store. What a store of the caller's raises passes through.

    Args:
        store: Where the entries are: any mapping of texts to bytes, for several workers one that they share; only its
            `get` and its item assignment are used. The default is in this process and forgets what has not been used
            for longest.
        max_bytes: How many bytes the default store may take.
    """

    def __init__(self, store: MutableMapping[str, bytes] | None = None, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._store = BoundedStore(max_bytes) if store is None else store

    def watch(self, scope: str = "") -> Watch:
        """Make what remembers the replies of one stream.

        Args:
            scope: Whose conversation it is: nothing is put back into a request of another scope. A gateway gives the
                user.
        """
        return Watch(Entries(self._store, scope))

    def remember(self, reply: Struct | dict[str, Any], scope: str = "") -> None:
        """Remember a whole reply, of either API.

        Args:
            reply: A `ChatCompletion` or a `Response`, or the same as JSON decodes it.
            scope: Whose conversation it is.

        Raises:
            LocalProtocolError: It is another object, such as the `Reply` that has the completion as its `value`.
        """
        if not (is_object(reply) or hasattr(reply, "choices") or hasattr(reply, "output")):
            name = type(reply).__name__
            raise LocalProtocolError(f"remember() takes a ChatCompletion or a Response, and this is a {name}")
        entries = Entries(self._store, scope)
        with suppress(DecodeError):
            _remember(reply if is_object(reply) else plain_value(reply), entries)

    def restore(self, body: dict[str, Any], scope: str = "", missing: str | None = "") -> Adapted:
        """Put what is remembered back into a request, of either API.

        Call it before `adapt_request`, which refuses references to items, and drops reasoning items without text: what
        they stand for is found by their ids. The thinking of tool calls comes back in either order.

        Args:
            body: The request as JSON decodes it. It is not changed; what need not change is handed on as the same
                object.
            scope: Whose conversation it is.
            missing: The `reasoning_content` of messages with tool calls whose thinking is not known, each with a note
                of the code `filled`; None leaves them without.
        """
        entries = Entries(self._store, scope)
        notes: list[Finding] = []
        fields: Any = body
        if is_object(fields):
            messages, items = fields.get("messages"), fields.get("input")
            if (restored := restore_messages(messages, MessageChanges(entries, missing, notes))) is not messages:
                fields = {**fields, "messages": restored}
            if (restored := restore_items(items, entries)) is not items:
                fields = {**fields, "input": restored}
        return Adapted(fields, notes, [])


class Watch:
    """What remembers the replies of one stream; `ReasoningMemory.watch` makes it.

    One thread at a time.

    Args:
        entries: Where they are kept.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._chunks = ChatAccumulator()
        self._finished: set[int] = set()
        self._events = ResponseAccumulator()
        self._output = Output(entries)
        self._items_end = False
        self._failed = False

    def add(self, event: Struct) -> None:
        """Take the next event of the stream, a decoded one of either API, before it goes out to the client.

        Whatever the server has sent, this does not raise: after an event that does not fit the others, nothing more of
        the stream is remembered.
        """
        if not self._failed:
            try:
                self._add(event)
            except MimoError:
                self._failed = True

    def _add(self, event: Any) -> None:
        if hasattr(event, "choices"):
            self._add_chunk(event)
            return
        self._events.add(event)
        if event.type == ResponseOutputItemDone.type:
            self._items_end = True
            self._output.add(plain_value(event.item))
        elif event.type in TERMINAL and not self._items_end:
            # Of a server whose items end without an event of their own.
            _remember(plain_value(self._events.result()), self._entries)

    def _add_chunk(self, chunk: Any) -> None:
        self._chunks.add(chunk)
        # Once: a server may repeat its finish reasons with each chunk, and a sum costs what has come so far.
        finished = {choice.index or 0 for choice in chunk.choices if choice.finish_reason} - self._finished
        if finished:
            self._finished |= finished
            completion: Any = self._chunks.partial()
            for choice in completion.choices:
                if choice.index in finished:
                    remember_message(plain_value(choice.message), self._entries)


def _remember(reply: Any, entries: Entries) -> None:
    """Remember a whole reply, as JSON; members of any type."""
    for choice in _objects_in(reply, "choices"):
        message = choice.get("message")
        if is_object(message):
            remember_message(message, entries)
    output = Output(entries)
    for item in _objects_in(reply, "output"):
        output.add(item)


def _objects_in(holder: Any, name: str) -> Any:
    members = holder.get(name) if is_object(holder) else None
    return filter(is_object, members) if is_array(members) else ()
