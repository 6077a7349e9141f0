"""Names learned from the wire: fields that the spec does not know, and that come again and again.

The C decoder refuses an object with a field that its Struct does not have, and the slow path keeps the field (`decode`,
`kept_fields`). So that a server that is ahead of the spec is not read slowly for ever, names are learned:

- A name that came in two payloads is learned, with all other new names of the second one. The name belongs to the
  process and to the Struct in which it came, whatever type that Struct was decoded in.
- A type gets a new decoder: a Struct with learned names has a subclass with a field for each of them, and so has each
  Struct that leads to it; all others stay. Nothing else is different: a subclass refuses what its Struct refuses.
- Only Structs that the spec has are taught names, and subclasses of those. A Struct of the caller's is not.
- A type takes up the names that were learned by way of another type when its decoder next refuses something.
- Learned names stay. So that names without end fill neither memory nor time, there are caps. Past them a field is read
  slowly, and kept as `kept_fields` can keep it.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import msgspec

from mimo_proto.kept_fields import forget_classes, is_field_name, set_learned, subclass
from mimo_proto.protocol.convert import reachable, remake, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from msgspec import Struct

    Name = tuple[type[Struct], str]

__all__ = ["MAX_NAMES", "WideningType", "forget"]

# The learned names of one Struct; an object of a class with 64 more fields takes half a KB more. Objects that have ids
# for names meet this cap, a map of calls by id for example, if the same ids come again.
MAX_NAMES = 64
# Longer names are not those of fields, but ids, paths or texts.
MAX_NAME_CHARACTERS = 64
# The decoders made for one type; each takes some milliseconds. A process meets this cap that reads from many servers,
# each of which is ahead of the spec in another way, or whose server sends ever new names twice.
MAX_REBUILDS = 32
# The names that came once, the latest; streams of ever new names meet this cap. A name is learned if it comes again
# before so many others.
MAX_NAMES_SEEN_ONCE = 1024


class _Learned:
    """The names that the process has learned, for the thread that holds the lock.

    Attributes:
        lock: The lock of all that follows. No thread waits for it: a payload that meets a learning thread is read
            slowly once more, and a process that was forked while another thread learned goes on without learning.
        names: The learned names by Struct.
        once: The names that came in one payload so far, the oldest first.
        subclasses: The classes made, by the Struct for which they stand.
        version: A number that grows with each learned name.
        types: All types that are decoded into.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.names: dict[type[Struct], set[str]] = {}
        self.once: OrderedDict[Name, None] = OrderedDict()
        self.subclasses: dict[Any, type[Struct]] = {}
        self.version = 0
        self.types: WeakSet[WideningType] = WeakSet()

    def note(self, names: Collection[Name]) -> None:
        """Note the unknown names of a payload; learn them if one of them has come before."""
        new = dict.fromkeys(each for each in names if self._can_be_learned(*each))
        if not self.once.keys().isdisjoint(new):
            for cls, name in new:
                self._learn(cls, name)
            return
        self.once.update(new)
        while len(self.once) > MAX_NAMES_SEEN_ONCE:
            self.once.popitem(last=False)

    def _can_be_learned(self, cls: type[Struct], name: str) -> bool:
        known = self.names.get(cls, set())
        return name not in known and len(known) < MAX_NAMES and len(name) <= MAX_NAME_CHARACTERS and is_field_name(name)

    def _learn(self, cls: type[Struct], name: str) -> None:
        names = self.names.setdefault(cls, set())
        if len(names) >= MAX_NAMES:
            return
        names.add(name)
        self.once.pop((cls, name), None)
        self.version += 1
        # The classes of Structs that do not lead here can stay.
        for struct in [each for each in self.subclasses if cls in map(_class_of, reachable(each))]:
            del self.subclasses[struct]

    def widen(self, hint: Any) -> Any:
        """Copy a hint with the newest classes in it."""
        return remake(hint, self.names.__contains__, self._subclass, self.subclasses)

    def _subclass(self, cls: type[Struct]) -> type[Struct]:
        made = subclass(cls, self.names.get(cls, ()))
        if cls in self.names:
            set_learned(made)
        return made


def _class_of(struct: Any) -> type[Struct]:
    return shape_of(struct).cls


LEARNED = _Learned()


class WideningType:
    """A type to decode into, with the names that were learned. Any number of threads at a time.

    Args:
        hint: Any hint that msgspec decodes into.

    Attributes:
        decode: The decode function of the newest C decoder.
    """

    def __init__(self, hint: Any) -> None:
        self.decode: Callable[[bytes | bytearray], Any]
        self._hint = hint
        self.decode = msgspec.json.Decoder(hint).decode
        self._widened, self._version, self._rebuilds = hint, 0, 0
        LEARNED.types.add(self)

    def forget(self) -> None:
        """Decode into the type as the spec has it again, and learn afresh."""
        if self._widened is not self._hint:
            self.decode = msgspec.json.Decoder(self._hint).decode
        self._widened, self._version, self._rebuilds = self._hint, 0, 0

    def learn(self, names: Collection[Name] = ()) -> bool:
        """Learn unknown names if one of them has come before, and take up all names that were learned since.

        Args:
            names: Structs of the spec, each with a JSON name that it does not have.

        Returns:
            Whether there is a new decoder now.
        """
        has_news = names or self._version != LEARNED.version
        if not has_news or self._rebuilds >= MAX_REBUILDS or not LEARNED.lock.acquire(blocking=False):
            return False
        try:
            LEARNED.note(names)
            return self._rebuild()
        finally:
            LEARNED.lock.release()

    def _rebuild(self) -> bool:
        if self._version == LEARNED.version:
            return False
        self._version = LEARNED.version
        widened = LEARNED.widen(self._hint)
        if widened == self._widened:
            return False
        self.decode = msgspec.json.Decoder(widened).decode
        self._widened, self._rebuilds = widened, self._rebuilds + 1
        return True


def forget() -> None:
    """Make the process forget all learned names, for tests: types are decoded into as if nothing had come before.

    Decode functions and objects that are in use stay what they are.
    """
    with LEARNED.lock:
        LEARNED.names.clear()
        LEARNED.once.clear()
        LEARNED.subclasses.clear()
        LEARNED.version = 0
        forget_classes()
        for each in list(LEARNED.types):
            each.forget()
