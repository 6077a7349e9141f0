"""examples/otel.py: the spans and metrics of calls, as the SDK exports them."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mimo_proto import AsyncClient, AuthenticationError, Client, RateLimitError, RetryPolicy, Usage, user
from mimo_proto.testing import Refusal, Turn

if TYPE_CHECKING:
    from collections.abc import Generator

    from mimo_proto.testing import LoopbackServer

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "otel.py"))
REQUEST: dict[str, Any] = {"model": "mimo-v2.6-pro", "messages": [user("hi")]}


class Exported:
    """What the SDK has exported."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        traces = TracerProvider(shutdown_on_exit=False)
        traces.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = traces.get_tracer("test")
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.observer = EXAMPLE["Telemetry"](self.tracer, self.meters.get_meter("test"))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def points(self, metric: str) -> list[Any]:
        """The data points of a metric."""
        data: Any = self._reader.get_metrics_data()
        found = data.resource_metrics[0].scope_metrics[0].metrics
        return [point for each in found if each.name == metric for point in each.data.data_points]


@pytest.fixture
def exported() -> Generator[Exported]:
    """An observer, and what became of what it saw."""
    made = Exported()
    yield made
    made.meters.shutdown()


@pytest.fixture
def client(server: LoopbackServer, exported: Exported) -> Generator[Client]:
    retry = RetryPolicy(attempts=2, backoff=0.001)
    with Client(server.api_key, server.base_url, observer=exported.observer, retry=retry) as made:
        yield made


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_span_has_what_the_conventions_ask_for(client: Client, exported: Exported) -> None:
    done = client.create_chat_completion(**REQUEST, temperature=0.5, max_completion_tokens=100)
    [span] = exported.spans
    assert (span.name, span.kind, span.status.status_code) == ("chat mimo-v2.6-pro", SpanKind.CLIENT, StatusCode.UNSET)
    used = Usage.of(done)
    assert used.reasoning_tokens > 0
    port = int(str(client).rpartition(":")[2].partition("/")[0])
    assert attributes(span) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "xiaomi_mimo",
        "gen_ai.request.model": "mimo-v2.6-pro",
        "gen_ai.request.stream": False,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.id": done.id,
        "gen_ai.response.model": "mimo-v2.6-pro",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": used.input_tokens,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": used.reasoning_tokens,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "server.address": "127.0.0.1",
        "server.port": port,
    }


def test_a_stream(client: Client, exported: Exported) -> None:
    client.stream_response(model="mimo-v2.6-pro", input="hi").result()
    [span] = exported.spans
    found = attributes(span)
    assert found["gen_ai.request.stream"] is True
    [point] = exported.points("gen_ai.client.operation.time_to_first_chunk")
    assert point.sum == found["gen_ai.response.time_to_first_chunk"]


def test_a_span_is_a_child_of_the_callers_whose_traceparent_is_sent(
    server: LoopbackServer, client: Client, exported: Exported
) -> None:
    with exported.tracer.start_as_current_span("caller") as caller:
        client.create_chat_completion(**REQUEST, extra_headers=EXAMPLE["caller_headers"]())
    context = caller.get_span_context()
    [span, _] = exported.spans
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (context.trace_id, context.span_id)
    sent = server.requests[0].headers["traceparent"]
    assert sent.startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


def test_calls_at_a_time_have_parents_of_their_own(server: LoopbackServer, exported: Exported) -> None:
    async def call(client: AsyncClient, name: str) -> None:
        with exported.tracer.start_as_current_span(name):
            await client.stream_chat_completion(**REQUEST).result()

    async def main() -> None:
        async with AsyncClient(server.api_key, server.base_url, observer=exported.observer) as client:
            await asyncio.gather(*(call(client, f"caller {number}") for number in range(8)))

    asyncio.run(main())
    callers = {span.context.span_id for span in exported.spans if span.name.startswith("caller") and span.context}
    parents = {span.parent.span_id for span in exported.spans if span.parent}
    assert len(callers) == 8
    assert parents == callers


def test_an_error(server: LoopbackServer, exported: Exported) -> None:
    with Client("sk-wrong", server.base_url, observer=exported.observer) as client, pytest.raises(AuthenticationError):
        client.create_chat_completion(**REQUEST)
    [span] = exported.spans
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == "AuthenticationError"
    [point] = exported.points("gen_ai.client.operation.duration")
    assert point.attributes["error.type"] == "AuthenticationError"
    assert exported.points("gen_ai.client.token.usage") == []


def test_a_call_that_was_tried_again_is_one_span(server: LoopbackServer, client: Client, exported: Exported) -> None:
    refusal = Refusal(429, "Too many requests", None, type="limitation")
    server.script([refusal, Turn("Hello"), refusal, refusal])
    client.create_chat_completion(**REQUEST)
    with pytest.raises(RateLimitError):
        client.create_chat_completion(**REQUEST)
    assert [attributes(span)["http.request.resend_count"] for span in exported.spans] == [1, 1]


def test_a_caller_that_leaves_is_no_error(client: Client, exported: Exported) -> None:
    with client.stream_chat_completion(**REQUEST) as stream:
        next(iter(stream))
    [span] = exported.spans
    assert span.status.status_code is StatusCode.UNSET
    assert "error.type" not in attributes(span)


def test_tokens_and_time_are_measured(client: Client, exported: Exported) -> None:
    done = client.create_chat_completion(**REQUEST)
    client.create_chat_completion(**REQUEST)
    client.list_models()
    points = exported.points("gen_ai.client.token.usage")
    assert done.usage is not None
    assert {point.attributes["gen_ai.token.type"]: (point.count, point.sum) for point in points} == {
        "input": (2, 2 * (done.usage.prompt_tokens or 0)),
        "output": (2, 2 * (done.usage.completion_tokens or 0)),
    }
    durations = exported.points("gen_ai.client.operation.duration")
    assert {point.attributes["gen_ai.operation.name"]: point.count for point in durations} == {"chat": 2, "models": 1}
    assert durations[0].explicit_bounds[0] == 0.01
    assert points[0].explicit_bounds[:2] == (1.0, 4.0)
