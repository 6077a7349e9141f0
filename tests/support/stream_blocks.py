"""Events of the two streams, as they were recorded and as they should not be: what the fuzzer breeds streams from."""

from pathlib import Path

from tests.support.feeding import whole_blocks

__all__ = ["CHAT_ODD", "CHAT_STREAMS", "RECORDED", "RESPONSES_ODD", "RESPONSES_STREAMS"]

EXAMPLES = Path(__file__).parents[2] / "spec" / "examples"


def recorded(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(EXAMPLES.glob(pattern))]


def events(*payloads: str) -> list[bytes]:
    return [b"data: " + payload.encode("utf-8", "surrogatepass") + b"\n\n" for payload in payloads]


def delta(fields: str, *, index: str = "0", finish: str = "null") -> str:
    return f'{{"choices":[{{"index":{index},"delta":{{{fields}}},"finish_reason":{finish}}}]}}'


RECORDED = recorded("*.sse")

FRAMES = [
    b": keep-alive\n\n",
    b"event: ping\n\n",
    b"id: 1\nretry: 5\n\n",
    b"\n",
    b"data:\n\n",
    b"event: error\ndata: {}\n\n",
    b"data: {\ndata: }\n\n",
    b"data: [DO\ndata: NE]\n\n",
    b"\xef\xbb\xbf",
    b"data: \xff\n\n",
    b'data: {"error":"one line end short"}\n',
]

ANY = events(
    *("[DONE]", " [DONE] ", '"[DONE]"', "null", "1", '"a"', "[]", "{}", "{", "{}{}", "NaN", "1e999", "[" * 2000, "\\"),
    '{"error":{"code":"429","message":"m","param":"p","type":""}}',
    '{"error":"text"}',
    '{"error":{}}',
    '{"error":null}',
    '{"code":"421","message":"m"}',
    '{"code":500,"message":"m","type":"error"}',
    '{"type":"error","error":{"message":"m"}}',
    '{"type":"error","code":"500","message":"m","param":null}',
    '{"type":"x","a":[1,{"b":null}]}',
)

CHAT_STREAMS = [
    # Each is a chunk that is small.
    events(*('{"choices":[{"delta":{}}]}',) * 8),
    *(whole_blocks(stream) for stream in recorded("ChatCompletionChunk.*.sse")),
    events(
        *(delta(f'"content":"{text}"') for text in ("", "a", "\\ud83d", "\\ude00", "b\\ud83d", "c")),
        delta("", finish='"stop"'),
        '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
        "[DONE]",
    ),
    events(
        delta('"role":"assistant"'),
        delta('"role":"assistant"', index="1"),
        delta('"reasoning_content":"a\\ud83d"', index="1"),
        delta('"content":"b"'),
        delta('"reasoning_content":"\\ude00"', index="1", finish='"length"'),
        delta('"content":null', finish='"x_reason"'),
    ),
    events(
        delta(
            '"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a\\":\\"\\ud83d"}}]'
        ),
        delta('"tool_calls":[{"index":0,"function":{"arguments":"\\ude00\\"}"}}]'),
        delta('"tool_calls":[{"index":1,"id":"d","function":{"name":"g","arguments":"{}"}}]', finish='"tool_calls"'),
    ),
]

CHAT_ODD = [
    *FRAMES,
    *ANY,
    *events(
        '{"choices":[]}',
        '{"choices":null}',
        '{"choices":[{}]}',
        '{"choices":[{"delta":null}]}',
        '{"choices":[],"error":{"code":"400","message":"m"}}',
        '{"choices":[{"index":0,"delta":{"content":"a"}}],"error":"text"}',
        '{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}',
        '{"choices":[{"delta":{"content":"no index"}}]}',
        '{"choices":[{"delta":{"content":"no index"},"finish_reason":"stop"}]}',
        delta('"content":"a"', index="null"),
        delta('"content":"a"', index='"0"'),
        delta('"content":"a"', index=str(2**70)),
        delta('"content":1'),
        delta('"content":"\\ud83d"'),
        delta('"content":"\\ude00"'),
        delta('"content":"\udcff"'),
        delta('"annotations":[{"type":"url_citation"},{"type":"x"}]'),
        delta('"audio":{"id":"a","data":"AA="}'),
        delta('"audio":{"data":"\\u20ac"}'),
        delta('"tool_calls":[{"id":"x"}]'),
        delta('"tool_calls":[{"index":-1,"function":null}]'),
        delta("", finish='"stop"'),
        delta("", index="1", finish='"stop"'),
    ),
]

RESPONSES_STREAMS = [
    *(whole_blocks(stream) for stream in recorded("ResponseStreamEvent.*.sse")),
    events(
        '{"type":"response.created","response":{"id":"r","output":[]}}',
        '{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[]}}',
        *(
            f'{{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"{text}"}}'
            for text in ("a", "\\ud83d", "\\ude00", "b\\ud83d")
        ),
        '{"type":"response.output_text.done","item_id":"m","output_index":0,"content_index":0,"text":"a"}',
        '{"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}',
    ),
]

RESPONSES_ODD = [
    *FRAMES,
    *ANY,
    b'event: response.output_text.delta\ndata: {"delta":"no type","output_index":0}\n\n',
    b'event: response.completed\ndata: {"response":{"output":[]}}\n\n',
    b'event: error\ndata: {"code":"429","message":"m"}\n\n',
    b'event: error\ndata: {"type":"response.created","response":{"id":"r","output":[]}}\n\n',
    *events(
        '{"type":"response.new.thing","delta":"a"}',
        '{"type":"response.output_item.added","output_index":0,"item":{"type":"new_item","a":[]}}',
        '{"type":"response.output_item.added","output_index":-1,"item":null}',
        '{"type":"response.output_text.delta","delta":"\\ud83d"}',
        '{"type":"response.output_text.delta","delta":"\\ude00"}',
        '{"type":"response.output_text.delta","delta":null}',
        '{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}',
        '{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}',
        '{"type":"response.reasoning_text.delta","output_index":0,"content_index":1,"delta":"r"}',
        '{"type":"response.custom_tool_call_input.delta","output_index":3,"delta":"i"}',
        '{"type":"response.failed","response":{"status":"failed","error":{"code":"x","message":"m"},"output":null}}',
        '{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"x"}}}',
        '{"type":"response.completed","response":null}',
        '{"type":"response.completed"}',
        '{"type":1}',
        '{"type":null}',
        '{"type":["a"]}',
    ),
]
