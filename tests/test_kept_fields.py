"""Fields that the server added: kept under any name, in every copy, within the caps."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mimo_proto.kept_fields import keep_all, keep_some, unknown_fields
from mimo_proto.models import (
    AssistantMessage,
    ChatCompletionMessage,
    ChoiceDelta,
    FunctionCall,
    OutputText,
    ToolCall,
)
from mimo_proto.protocol.widen import forget

if TYPE_CHECKING:
    from collections.abc import Callable


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, msgspec.structs.replace, pickled]
NAMES = ["new", "class", "a b", "", "é", "ﬁ", "_private", "__class__", "__reduce__", "__added_fields__", "mro", "copy"]


def kept(cls: type[msgspec.Struct], fields: dict[str, Any], extra: dict[str, Any]) -> Any:
    value = keep_all(cls, fields, extra)
    assert value is not None
    return value


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_kept(name: str) -> None:
    text = kept(OutputText, {"text": "hi"}, {name: [1]})
    assert isinstance(text, OutputText)
    assert text.text == "hi"
    assert msgspec.json.decode(msgspec.json.encode(text)) == {"type": "output_text", "text": "hi", name: [1]}
    assert unknown_fields(text) == {name: [1]}


def test_all_those_names_at_once_and_their_substitutes() -> None:
    extra = {name: number for number, name in enumerate([*NAMES, *(f"extra_{n}" for n in range(len(NAMES)))])}
    text = kept(OutputText, {"text": "hi"}, extra)
    assert msgspec.json.decode(msgspec.json.encode(text)) == {"type": "output_text", "text": "hi", **extra}
    assert unknown_fields(text) == extra


def test_a_name_that_can_be_one_is_an_attribute() -> None:
    assert kept(OutputText, {"text": "hi"}, {"confidence": 0.5}).confidence == 0.5


def test_nothing_was_added() -> None:
    assert unknown_fields(OutputText(text="hi")) == {}


@pytest.mark.parametrize("how", COPIES)
def test_copies_and_pickles_are_equal_and_of_the_same_class(how: Callable[[Any], Any]) -> None:
    function = kept(FunctionCall, {"name": "f", "arguments": "{}"}, {"é e": {"b": [1]}})
    call = kept(ToolCall, {"id": "1", "function": function}, {"new": None, "type2": 2})
    again = how(call)
    assert again == call
    assert type(again) is type(call)
    assert again is not call
    assert unknown_fields(again) == {"new": None, "type2": 2}
    assert msgspec.json.encode(again) == msgspec.json.encode(call)


def test_equality_sees_what_was_added() -> None:
    text = kept(OutputText, {"text": "hi"}, {"new": 1})
    assert text == kept(OutputText, {"text": "hi"}, {"new": 1})
    assert text != kept(OutputText, {"text": "hi"}, {"new": 2})
    assert text != OutputText(text="hi")


def test_it_looks_like_what_it_is() -> None:
    text = kept(OutputText, {"text": "hi"}, {"new": 1})
    assert repr(text) == "OutputText(text='hi', new=1)"
    assert type(text).__module__ == OutputText.__module__
    assert type(text).__qualname__ == "OutputText"


def test_null_that_was_added_stays_where_the_defaults_are_left_out() -> None:
    message = kept(ChatCompletionMessage, {"content": "hi"}, {"new": None})
    assert msgspec.json.encode(message) == b'{"content":"hi","new":null}'


def test_what_was_added_to_an_object_of_scalars_is_seen_by_the_collector() -> None:
    holder: list[Any] = []
    function = kept(FunctionCall, {"name": "f", "arguments": "{}"}, {"new": holder})
    assert not gc.is_tracked(FunctionCall(name="f", arguments="{}"))
    assert gc.is_tracked(function)


def test_one_class_for_the_same_names_in_any_order() -> None:
    one = kept(OutputText, {"text": "hi"}, {"a": 1, "b": 2})
    two = kept(OutputText, {"text": "hi"}, {"b": 2, "a": 1})
    assert type(one) is type(two)
    assert one == two
    assert type(kept(AssistantMessage, {}, {"a": 1, "b": 2})) is not type(one)


# No field of msgspec's may have such a name.
ODD_NAMES = ['say "hi"', "back\\slash", "line\nfeed", "\x00", "\ud83d"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_no_class_can_have(name: str) -> None:
    assert keep_all(OutputText, {"text": "hi"}, {name: 1, "new": 2}) is None
    assert unknown_fields(keep_some(OutputText, {"text": "hi"}, {name: 1, "new": 2})) == {"new": 2}


def test_nothing_to_keep() -> None:
    assert type(keep_all(OutputText, {"text": "hi"}, {})) is OutputText


def test_equal_is_what_has_the_same_fields() -> None:
    text = kept(OutputText, {"text": "hi"}, {"new": 1})
    forget()
    of_another_class = kept(OutputText, {"text": "hi"}, {"new": 1})
    assert type(text) is not type(of_another_class)
    assert text == of_another_class
    assert (text != of_another_class) is False
    assert text != kept(OutputText, {"text": "hi"}, {"new": 1, "newer": None})
    assert text != kept(OutputText, {"text": "ho"}, {"new": 1})
    assert text != "hi"
    assert text != ChoiceDelta()
    assert OutputText(text="hi") != text
    with pytest.raises(TypeError, match="unhashable"):
        hash(text)


def fill(cls: type[msgspec.Struct], fields: dict[str, Any]) -> None:
    """Have so many sets of names come that no class is made for another."""
    for number in range(256):
        kept(cls, fields, {f"fill_{number}": 1})


def test_the_caps() -> None:
    first = kept(OutputText, {"text": "hi"}, {"a": 1})
    pickled = pickle.dumps(kept(OutputText, {"text": "hi"}, {"b": 1}))
    forget()
    kept(OutputText, {"text": "hi"}, {"a": 1})
    for number in range(255):
        kept(OutputText, {"text": "hi"}, {f"fill_{number}": 1})
    assert keep_all(OutputText, {"text": "hi"}, {"c": 1}) is None
    assert keep_some(OutputText, {"text": "hi"}, {"c": 1}) == OutputText(text="hi")
    # Those that are there go on being used.
    assert keep_all(OutputText, {"text": "hi"}, {"a": 1}) == first
    # A process past its caps reads what the spec knows of a pickle.
    assert pickle.loads(pickled) == OutputText(text="hi")


def test_what_goes_back_to_the_server_has_room_of_its_own() -> None:
    fill(ChoiceDelta, {})
    assert keep_all(ChoiceDelta, {}, {"new": 1}) is None
    assert unknown_fields(kept(OutputText, {"text": "hi"}, {"new": 1})) == {"new": 1}
    assert unknown_fields(kept(AssistantMessage, {}, {"new": 1})) == {"new": 1}
    fill_rest = [keep_all(OutputText, {"text": "hi"}, {f"fill_{number}": 1}) for number in range(256)]
    assert fill_rest[-1] is None
    forget()
    assert unknown_fields(kept(ChoiceDelta, {}, {"new": 1})) == {"new": 1}


def test_the_caps_on_one_class() -> None:
    assert keep_all(OutputText, {"text": "hi"}, {f"n{number}": 1 for number in range(32)}) is not None
    assert keep_all(OutputText, {"text": "hi"}, {f"n{number}": 1 for number in range(33)}) is None
    assert keep_all(OutputText, {"text": "hi"}, {"x" * 1024: 1}) is not None
    assert keep_all(OutputText, {"text": "hi"}, {"x" * 1025: 1}) is None
