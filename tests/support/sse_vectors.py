"""Event streams and what they mean: one vector per normative sentence, and per interaction that has bitten a parser.

The expectations are written by hand from the standard, not computed. A comment above a group gives its sentence's gist.
A stream without a CR is generic: it is read with LF, CR, CRLF and all three mixed, and means the same each time.
The fuzzer takes these streams for its seeds.
"""

from itertools import cycle
from typing import NamedTuple

from tests.support.sse_reference import Event

__all__ = ["VECTORS", "Vector", "with_line_ends"]

BOM = b"\xef\xbb\xbf"
BAD = "\ufffd"


class Vector(NamedTuple):
    """A whole stream and the events that it must give."""

    name: str
    stream: bytes
    events: tuple[Event, ...]


def message(data: str = "", event: str = "message", last_id: str = "", retry: int | None = None) -> Event:
    return (event, data, last_id, retry)


def vector(name: str, stream: bytes, *events: Event | str) -> Vector:
    """A vector; an event that is just its data is a plain message."""
    return Vector(name, stream, tuple(message(event) if isinstance(event, str) else event for event in events))


def with_line_ends(given: Vector) -> tuple[Vector, ...]:
    """The vector in each form that its line ends can take: LF, CR, CRLF and mixed; as it is when it has a CR itself."""
    if b"\r" in given.stream or b"\n" not in given.stream:
        return (given,)
    # In this order a CR never stands before the LF of an empty line, with which it would be one end instead of two.
    ends = cycle((b"\r", b"\r\n", b"\n"))
    first, *rest = given.stream.split(b"\n")
    mixed = b"".join([first, *(next(ends) + line for line in rest)])
    forms = {
        "lf": given.stream,
        "cr": given.stream.replace(b"\n", b"\r"),
        "crlf": given.stream.replace(b"\n", b"\r\n"),
        "mixed": mixed,
    }
    return tuple(Vector(f"{given.name}/{form}", stream, given.events) for form, stream in forms.items())


ENCODING = (
    # UTF-8 decode strips one leading byte order mark, if any.
    vector("bom", BOM + b"data: a\n\n", "a"),
    vector("bom-only", BOM),
    vector("bom-before-empty-lines", BOM + b"\n\ndata: a\n\n", "a"),
    vector("bom-before-comment", BOM + b": c\ndata: a\n\n", "a"),
    vector("bom-before-bare-field", BOM + b"data\n\n", ""),
    vector("bom-before-cr", BOM + b"\r\ndata: a\r\n\r\n", "a"),
    vector("bom-before-event-field", BOM + b"event: e\ndata: a\n\n", message("a", "e")),
    vector("second-bom-is-text", BOM + BOM + b"data: a\n\ndata: b\n\n", "b"),
    vector("second-bom-then-colon", BOM + BOM + b": c\ndata: b\n\n", "b"),
    vector("bom-on-second-line", b"\n" + BOM + b"data: a\n\ndata: b\n\n", "b"),
    vector("bom-before-second-event", b"data: a\n\n" + BOM + b"data: b\n\n", "a"),
    vector("bom-before-second-data-line", b"data: a\n" + BOM + b"data: b\n\n", "a"),
    vector("bom-in-value", b"data: " + BOM + b"a" + BOM + b"\n\n", "\ufeffa\ufeff"),
    vector("bom-before-space-in-value", b"data:" + BOM + b" a\n\n", "\ufeff a"),
    vector("bom-one-byte-of-it", b"\xefdata: a\n\ndata: b\n\n", "b"),
    vector("bom-two-bytes-of-it", b"\xef\xbbdata: a\n\ndata: b\n\n", "b"),
    vector("bom-two-bytes-of-it-before-lf", b"\xef\xbb\ndata: b\n\n", "b"),
    vector("bom-cut-by-the-end", b"\xef\xbb"),
    vector("bom-and-a-half", BOM + b"\xef\xbbdata: a\n\ndata: b\n\n", "b"),
    vector("bom-of-utf-16", b"\xff\xfedata: a\n\ndata: b\n\n", "b"),
    # Streams are always UTF-8: every length, first and last of each, in every field.
    vector("utf-8-two-bytes", b"data: \xc2\x80\xdf\xbf\n\n", "\x80\u07ff"),
    vector(
        "utf-8-three-bytes", b"data: \xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\n\n", "\u0800\ud7ff\ue000\uffff"
    ),
    vector("utf-8-four-bytes", b"data: \xf0\x90\x80\x80\xf4\x8f\xbf\xbf\n\n", "\U00010000\U0010ffff"),
    vector("utf-8-sent-replacement", b"data: \xef\xbf\xbd\n\n", BAD),
    vector("utf-8-in-event", "event: \u4f60\n".encode() + b"data: a\n\n", message("a", "\u4f60")),
    vector("utf-8-in-id", "id: \U0001f600\n".encode() + b"data: a\n\n", message("a", last_id="\U0001f600")),
    vector("utf-8-in-field-name", "d\u00e4ta: a\n\n".encode() + b"data: b\n\n", "b"),
    # Line ends are CR and LF alone; what other readers of lines cut at is text.
    vector("no-line-end-nel", b"data: a\xc2\x85b\n\n", "a\x85b"),
    vector("no-line-end-ls-ps", b"data: a\xe2\x80\xa8b\xe2\x80\xa9c\n\n", "a\u2028b\u2029c"),
    vector("no-line-end-vt-ff", b"data: a\x0bb\x0cc\n\n", "a\x0bb\x0cc"),
    vector("no-line-end-separators", b"data: a\x1cb\x1dc\x1ed\n\n", "a\x1cb\x1dc\x1ed"),
    vector("no-line-end-lone-85", b"data: a\x85b\n\n", f"a{BAD}b"),
    # Every maximal part of an ill-formed sequence becomes one U+FFFD.
    vector("bad-lone-continuation", b"data: a\x80b\xbfc\n\n", f"a{BAD}b{BAD}c"),
    vector("bad-one-continuation-too-many", b"data: \xc3\xa9\xa9\n\n", f"\u00e9{BAD}"),
    vector("bad-never-used-bytes", b"data: \xf5\xf8\xfb\xfc\xfe\xff\n\n", BAD * 6),
    vector("bad-overlong-two", b"data: \xc0\xaf\xc1\xbf\n\n", BAD * 4),
    vector("bad-overlong-three", b"data: \xe0\x9f\xbf\n\n", BAD * 3),
    vector("bad-overlong-four", b"data: \xf0\x8f\xbf\xbf\n\n", BAD * 4),
    vector("bad-five-bytes", b"data: \xf8\x88\x80\x80\x80\n\n", BAD * 5),
    vector("bad-surrogate", b"data: \xed\xa0\x80\n\n", BAD * 3),
    vector("bad-surrogate-pair", b"data: \xed\xa0\xbd\xed\xb8\x80\n\n", BAD * 6),
    vector("bad-beyond-unicode", b"data: \xf4\x90\x80\x80\n\n", BAD * 4),
    vector("bad-one-of-two", b"data: \xc3a\n\n", f"{BAD}a"),
    vector("bad-two-of-three", b"data: \xe2\x82a\n\n", f"{BAD}a"),
    vector("bad-three-of-four", b"data: \xf0\x9f\x98a\n\n", f"{BAD}a"),
    vector("bad-new-lead-in-a-sequence", b"data: \xe2\x82\xc3\xa9\n\n", f"{BAD}\u00e9"),
    vector("bad-cut-by-a-line-end", b"data: \xe2\x82\ndata: \xac\n\n", f"{BAD}\n{BAD}"),
    vector("bad-lead-eats-no-line-end", b"data: \xf0\n\ndata: b\n\n", BAD, "b"),
    vector("bad-lead-eats-no-colon", b"data\xc3: a\ndata: b\n\n", "b"),
    vector("bad-after-colon", b"data:\xa0a\n\n", f"{BAD}a"),
    vector("bad-in-event", b"event: e\xff\ndata: a\n\n", message("a", f"e{BAD}")),
    vector("bad-in-id", b"id: \xc3\ndata: a\n\n", message("a", last_id=BAD)),
    vector("bad-in-retry", b"retry: 1\xff\ndata: a\n\n", "a"),
    vector("bad-in-comment", b":\xff\xc3\ndata: a\n\n", "a"),
    vector("bad-in-field-name", b"data\xff\n\ndata: b\n\n", "b"),
)

LINES = (
    # A CR LF pair, an LF not after a CR and a CR not before an LF are the ways in which a line ends.
    vector("lf", b"data: a\ndata: b\n\n", "a\nb"),
    vector("cr", b"data: a\rdata: b\r\r", "a\nb"),
    vector("crlf", b"data: a\r\ndata: b\r\n\r\n", "a\nb"),
    vector("crlf-is-one-end", b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", "a\nb", "c"),
    vector("lf-then-cr-are-two-ends", b"data: a\n\rdata: b\n\r", "a", "b"),
    vector("cr-cr-lf", b"data: a\r\r\ndata: b\r\r\n", "a", "b"),
    vector("crlf-lf", b"data: a\r\n\ndata: b\r\n\n", "a", "b"),
    vector("crlf-cr", b"data: a\r\n\rdata: b\r\n\r", "a", "b"),
    vector("lf-crlf", b"data: a\n\r\ndata: b\n\r\n", "a", "b"),
    vector("cr-crlf-cr", b"data: a\r\r\n\rdata: b\r\r\n\r", "a", "b"),
    vector("only-crs", b"\r\r\r\r"),
    vector("only-crlfs", b"\r\n\r\n\r\n"),
    vector("only-lfs", b"\n\n\n"),
    vector("crlf-first", b"\r\ndata: a\r\n\r\n", "a"),
    vector("cr-first", b"\rdata: a\r\r", "a"),
    vector("lf-first", b"\ndata: a\n\n", "a"),
    vector("cr-cuts-a-field-name", b"da\rta: a\r\rdata: b\r\r", "b"),
    vector("cr-cuts-a-value", b"data: a\rb\r\n\n", "a"),
    vector("cr-after-colon", b"data:\r a\r\r", ""),
    vector("cr-at-the-end-dispatches", b"data: a\r\r", "a"),
    vector("lf-cr-at-the-end-dispatches", b"data: a\n\r", "a"),
    vector("crlf-cr-at-the-end-dispatches", b"data: a\r\n\r", "a"),
    vector("cr-at-the-end-of-data", b"data: a\r"),
    vector("crlf-at-the-end-of-data", b"data: a\r\n"),
    vector("cr-after-lf-event", b"data: a\n\n\rdata: b\n\n", "a", "b"),
    vector("lf-after-cr-event", b"data: a\r\r\n\ndata: b\r\r", "a", "b"),
    vector("many-empty-lines", b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n\n", "a", "b"),
    # An empty line is one without any character: a space is a field name.
    vector("space-line-is-not-empty", b"data: a\n \ndata: b\n\n", "a\nb"),
    vector("null-line-is-not-empty", b"data: a\n\0\ndata: b\n\n", "a\nb"),
)

COMMENTS = (
    # A line that starts with a colon is ignored.
    vector("comment-empty", b":\n\n"),
    vector("comment-only", b": keep-alive\n\n: keep-alive\n\n"),
    vector("comment-before-data", b": c\ndata: a\n\n", "a"),
    vector("comment-between-data", b"data: a\n: c\n:\ndata: b\n\n", "a\nb"),
    vector("comment-after-data", b"data: a\n:c\n\n", "a"),
    vector("comment-with-colons", b"::: a: b\ndata: a\n\n", "a"),
    vector("comment-that-looks-like-a-field", b":data: x\n:event: y\n:id: 1\n:retry: 2\ndata: a\n\n", "a"),
    vector("comment-space-data", b": data: x\ndata: a\n\n", "a"),
    vector("comment-with-null", b":\0\ndata: a\n\n", "a"),
    vector("comment-at-the-end", b"data: a\n\n: bye", "a"),
    vector("comment-does-not-dispatch", b"data: a\n:\n"),
    vector("space-before-colon-is-no-comment", b" : c\ndata: a\n\n", "a"),
    vector("comment-is-long", b":" + b" " * 512 + b"\ndata: a\n\n", "a"),
)

FIELDS = (
    # What is before the first colon is the field, what is after it the value.
    vector("value-with-colons", b"data: a:b: c\n\n", "a:b: c"),
    vector("value-starts-with-colon", b"data::a\n\n", ":a"),
    vector("value-space-colon", b"data: :a\n\n", ":a"),
    vector("value-url", b"data:http://a/?b=c:d\n\n", "http://a/?b=c:d"),
    # One leading space is removed, no more, and nothing but a space.
    vector("space-none", b"data:a\n\n", "a"),
    vector("space-one", b"data: a\n\n", "a"),
    vector("space-two", b"data:  a\n\n", " a"),
    vector("space-only", b"data: \n\n", ""),
    vector("space-two-only", b"data:  \n\n", " "),
    vector("space-trailing", b"data: a \n\n", "a "),
    vector("space-tab", b"data:\ta\n\n", "\ta"),
    vector("space-then-tab", b"data: \ta\n\n", "\ta"),
    vector("space-no-break", b"data:\xc2\xa0a\n\n", "\u00a0a"),
    vector("space-ideographic", b"data:\xe3\x80\x80a\n\n", "\u3000a"),
    vector("space-mixed-styles", b"data:a\n\ndata: b\n\ndata:c\n\n", "a", "b", "c"),
    vector("space-mixed-styles-in-a-block", b"data:a\ndata: b\ndata:c\n\n", "a\nb\nc"),
    # A line without a colon is the field name, its value is empty.
    vector("bare-data", b"data\n\n", ""),
    vector("bare-data-twice", b"data\ndata\n\n", "\n"),
    vector("bare-event", b"event: e\nevent\ndata: a\n\n", "a"),
    vector("bare-id", b"id: 1\nid\ndata: a\n\n", "a"),
    vector("bare-retry", b"retry: 1\nretry\ndata: a\n\n", message("a", retry=1)),
    vector("bare-unknown", b"x\ndata: a\n\n", "a"),
    # Field names are compared literally: no case folding, no trimming, no prefixes.
    vector("name-case", b"Data: a\nDATA: b\ndatA: c\ndata: d\n\n", "d"),
    vector("name-case-of-others", b"EVENT: e\nEvent: e\nId: 1\nID: 1\niD: 1\nRETRY: 1\nRetry: 1\ndata: a\n\n", "a"),
    vector("name-space-before", b" data: a\ndata: b\n\n", "b"),
    vector("name-space-after", b"data : a\ndata: b\n\n", "b"),
    vector("name-tab-after", b"data\t: a\ndata: b\n\n", "b"),
    vector("name-shorter", b"dat: a\nd: b\nevnt: c\ni: 1\nretr: 1\ndata: b\n\n", "b"),
    vector("name-longer", b"datax: a\ndata2: a\nevents: e\nids: 1\nretrys: 1\nretry-after: 1\ndata: b\n\n", "b"),
    vector("name-bare-longer", b"dataa\nidx\neventt\ndata: b\n\n", "b"),
    vector("name-with-null", b"\0data: a\ndata\0: b\ndata: c\n\n", "c"),
    vector("name-with-other-separator", b"data=a\ndata; b\ndata, c\ndata: d\n\n", "d"),
    # Any other field is ignored, and is no data.
    vector("unknown-field", b"foo: bar\ndata: a\nlast-event-id: 3\n\n", "a"),
    vector("unknown-field-only", b"foo: bar\n\n"),
    vector("unknown-json-line", b'{"error": "text"}\n\ndata: a\n\n', "a"),
    vector("unknown-http-line", b"HTTP/1.1 200 OK\nContent-Type: text/event-stream\n\ndata: a\n\n", "a"),
)

EVENT = (
    # "event" sets the type; the last one counts; without one, or with an empty one, it is "message".
    vector("event", b"event: add\ndata: 1\n\n", message("1", "add")),
    vector("event-without-space", b"event:add\ndata:1\n\n", message("1", "add")),
    vector("event-after-data", b"data: 1\nevent: add\n\n", message("1", "add")),
    vector("event-between-data", b"data: 1\nevent: add\ndata: 2\n\n", message("1\n2", "add")),
    vector("event-last-wins", b"event: a\nevent: b\ndata: 1\n\n", message("1", "b")),
    vector("event-empty", b"event:\ndata: 1\n\n", "1"),
    vector("event-emptied", b"event: a\nevent:\ndata: 1\n\n", "1"),
    vector("event-emptied-after-data", b"event: a\ndata: 1\nevent: \n\n", "1"),
    vector("event-message", b"event: message\ndata: 1\n\n", "1"),
    vector("event-error", b"event: error\ndata: 1\n\n", message("1", "error")),
    vector("event-one-space", b"event:  \ndata: 1\n\n", message("1", " ")),
    vector("event-with-spaces", b"event:  a b \ndata: 1\n\n", message("1", " a b ")),
    vector("event-with-colon", b"event: a:b\ndata: 1\n\n", message("1", "a:b")),
    vector("event-with-null", b"event: a\0b\ndata: 1\n\n", message("1", "a\0b")),
    # A dispatch sets the type back, and so does an empty line without data.
    vector("event-reset-by-dispatch", b"event: a\ndata: 1\n\ndata: 2\n\n", message("1", "a"), "2"),
    vector("event-reset-without-data", b"event: a\n\ndata: 1\n\n", "1"),
    vector("event-reset-by-comment-block", b"event: a\n: c\n\ndata: 1\n\n", "1"),
    vector("event-kept-over-comment", b"event: a\n: c\ndata: 1\n\n", message("1", "a")),
    vector("event-kept-over-unknown", b"event: a\nfoo\ndata: 1\n\n", message("1", "a")),
    vector("event-each-its-own", b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", message("1", "a"), message("2", "b")),
    vector("event-only", b"event: ping\n\n"),
)

DATA = (
    # "data" appends the value and an LF; a dispatch removes one LF; an empty buffer dispatches nothing.
    vector("data", b"data: a\n\n", "a"),
    vector("data-lines", b"data: a\ndata: b\ndata: c\n\n", "a\nb\nc"),
    vector("data-empty", b"data:\n\n", ""),
    vector("data-empty-twice", b"data:\ndata:\n\n", "\n"),
    vector("data-empty-thrice", b"data\ndata:\ndata: \n\n", "\n\n"),
    vector("data-empty-first", b"data:\ndata: a\n\n", "\na"),
    vector("data-empty-last", b"data: a\ndata:\n\n", "a\n"),
    vector("data-empty-between", b"data: a\ndata\ndata: b\n\n", "a\n\nb"),
    vector("data-empty-events", b"data\n\ndata:\n\ndata: \n\n", "", "", ""),
    vector("data-apart", b"data: a\nid: 1\ndata: b\nfoo: x\ndata: c\n\n", message("a\nb\nc", last_id="1")),
    vector("data-reset-by-dispatch", b"data: a\n\ndata: b\n\n", "a", "b"),
    vector("data-with-null", b"data: a\0b\n\n", "a\0b"),
    vector("data-null-only", b"data:\0\n\n", "\0"),
    vector("data-control-characters", b"data: \x01\x07\x08\x1b\x7f\n\n", "\x01\x07\x08\x1b\x7f"),
    vector("data-no-block-between", b"data: a\n\n\n\n\ndata: b\n\n", "a", "b"),
    vector("data-that-looks-like-a-field", b"data: data: a\ndata: event: b\n\n", "data: a\nevent: b"),
    vector(
        "data-json", b'data: {"a": "b: c"}\n\ndata:{"a":1}\n\ndata: [DONE]\n\n', '{"a": "b: c"}', '{"a":1}', "[DONE]"
    ),
    vector("data-json-over-lines", b'data: {\ndata:  "a": 1\ndata: }\n\n', '{\n "a": 1\n}'),
    vector("data-escaped-ends", b'data: "\\n\\r\\n"\n\n', '"\\n\\r\\n"'),
)

ID = (
    # "id" sets the last event ID, which is never reset by a dispatch.
    vector("id", b"id: 1\ndata: a\n\n", message("a", last_id="1")),
    vector("id-persists", b"id: 1\ndata: a\n\ndata: b\n\n", message("a", last_id="1"), message("b", last_id="1")),
    vector("id-changes", b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n", message("a", last_id="1"), message("b", last_id="2")),
    vector("id-comes-late", b"data: a\n\nid: 1\ndata: b\n\n", "a", message("b", last_id="1")),
    vector("id-after-data", b"data: a\nid: 1\n\n", message("a", last_id="1")),
    vector("id-last-wins", b"id: 1\nid: 2\ndata: a\n\n", message("a", last_id="2")),
    vector("id-without-data", b"id: 1\n\ndata: a\n\n", message("a", last_id="1")),
    vector("id-only", b"id: 1\n\n"),
    vector("id-with-spaces", b"id:  1 \ndata: a\n\n", message("a", last_id=" 1 ")),
    vector("id-with-colon", b"id:1:2\ndata: a\n\n", message("a", last_id="1:2")),
    vector("id-with-event", b"id: 1\nevent: e\ndata: a\n\n", message("a", "e", "1")),
    # An empty id is a value like any other.
    vector("id-empty-resets", b"id: 1\ndata: a\n\nid:\ndata: b\n\ndata: c\n\n", message("a", last_id="1"), "b", "c"),
    vector("id-bare-resets", b"id: 1\ndata: a\n\nid\ndata: b\n\n", message("a", last_id="1"), "b"),
    vector("id-empty-without-data", b"id: 1\n\nid\n\ndata: a\n\n", "a"),
    # An id with NULL is ignored.
    vector("id-null", b"id: \0\ndata: a\n\n", "a"),
    vector("id-null-inside", b"id: a\0b\ndata: a\n\n", "a"),
    vector("id-null-last", b"id: 1\0\ndata: a\n\n", "a"),
    vector("id-null-without-space", b"id:\0\x31\ndata: a\n\n", "a"),
    vector(
        "id-null-keeps-the-old", b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", *(message(d, last_id="1") for d in "ab")
    ),
    vector("id-null-in-the-same-block", b"id: 1\nid: 2\0\ndata: a\n\n", message("a", last_id="1")),
    vector("id-after-null", b"id: 2\0\nid: 1\ndata: a\n\n", message("a", last_id="1")),
)

RETRY = (
    # "retry" sets the reconnection time when its value is ASCII digits only.
    vector("retry", b"retry: 3000\ndata: a\n\n", message("a", retry=3000)),
    vector("retry-without-space", b"retry:3000\ndata: a\n\n", message("a", retry=3000)),
    vector("retry-after-data", b"data: a\nretry: 5\n\n", message("a", retry=5)),
    vector("retry-persists", b"retry: 5\ndata: a\n\ndata: b\n\n", *(message(data, retry=5) for data in "ab")),
    vector(
        "retry-changes", b"retry: 5\ndata: a\n\nretry: 6\ndata: b\n\n", message("a", retry=5), message("b", retry=6)
    ),
    vector("retry-comes-late", b"data: a\n\nretry: 5\ndata: b\n\n", "a", message("b", retry=5)),
    vector("retry-last-wins", b"retry: 5\nretry: 6\ndata: a\n\n", message("a", retry=6)),
    vector("retry-without-data", b"retry: 5\n\ndata: a\n\n", message("a", retry=5)),
    vector("retry-only", b"retry: 5\n\n"),
    vector("retry-zero", b"retry: 0\ndata: a\n\n", message("a", retry=0)),
    vector("retry-leading-zeros", b"retry: 007\ndata: a\n\n", message("a", retry=7)),
    vector("retry-18-digits", b"retry: " + b"9" * 18 + b"\ndata: a\n\n", message("a", retry=10**18 - 1)),
    # Anything else is ignored, and leaves the time as it was.
    *(
        vector(f"retry-{name}", b"retry: 5\nretry: " + value + b"\ndata: a\n\n", message("a", retry=5))
        for name, value in {
            "empty": b"",
            "word": b"soon",
            "plus": b"+6",
            "minus": b"-6",
            "second-space": b" 6",
            "trailing-space": b"6 ",
            "inner-space": b"6 6",
            "tab": b"6\t",
            "underscore": b"1_000",
            "point": b"6.0",
            "exponent": b"1e3",
            "hexadecimal": b"0x10",
            "unit": b"6s",
            "null": b"6\0",
            "fullwidth-digit": b"\xef\xbc\x96",
            "arabic-digit": b"\xd9\xa6",
            "superscript-digit": b"\xc2\xb2",
            "digit-and-arabic-digit": b"6\xd9\xa6",
            "19-digits": b"9" * 19,
            "5000-digits": b"9" * 5000,
            "500-zeros": b"0" * 500,
            "500-digits-and-a-word": b"9" * 500 + b"x",
        }.items()
    ),
    vector("retry-bad-first", b"retry: x\ndata: a\n\nretry: 5\ndata: b\n\n", "a", message("b", retry=5)),
)

END = (
    # At the end of the stream pending data is discarded; an event without its empty line is not dispatched.
    vector("nothing", b""),
    vector("end-in-a-field-name", b"data: a\n\ndat", "a"),
    vector("end-in-a-value", b"data: a\n\ndata: b", "a"),
    vector("end-after-a-line", b"data: a\n\ndata: b\n", "a"),
    vector("end-after-lines", b"data: a\n\nevent: e\ndata: b\ndata: c\nid: 1\n", "a"),
    vector("end-after-empty-data", b"data\n\ndata\ndata\n\ndata:", "", "\n"),
    vector("end-in-a-sequence", b"data: a\n\ndata: \xf0\x9f", "a"),
    vector("end-in-a-comment", b": c"),
    vector("end-one-line-end-short", b"data: [DONE]\n"),
    vector("end-after-colon", b"data:"),
)

VECTORS = ENCODING + LINES + COMMENTS + FIELDS + EVENT + DATA + ID + RETRY + END
