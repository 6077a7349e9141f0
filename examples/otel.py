"""Spans and metrics for each call, by OpenTelemetry's conventions; needs opentelemetry-sdk.

The names are those of the semantic conventions 1.41.1, chapter "Generative AI", whose status is "development".
Copy `Telemetry` into your service, and give it a tracer and a meter of yours.
"""

from typing import Final

from opentelemetry.metrics import Meter
from opentelemetry.propagate import inject
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from mimo_proto import CallFinished, CallStarted, Client, FirstEvent, Observation, user

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.41.1"
OPERATIONS = {"chat completions": "chat", "responses": "chat"}
REQUEST_ATTRIBUTES = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
}
# The boundaries that the conventions advise.
SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
TOKENS = [float(4**power) for power in range(14)]


class Telemetry:
    """An observer that makes a span of each call, and measures it. Any thread."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self.tracer = tracer
        self.spans: dict[int, Span] = {}
        self.duration = meter.create_histogram(
            "gen_ai.client.operation.duration", unit="s", explicit_bucket_boundaries_advisory=SECONDS
        )
        self.first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk", unit="s", explicit_bucket_boundaries_advisory=SECONDS
        )
        self.tokens = meter.create_histogram(
            "gen_ai.client.token.usage", unit="{token}", explicit_bucket_boundaries_advisory=TOKENS
        )

    def __call__(self, observation: Observation) -> None:
        """Take what the client reports."""
        match observation:
            case CallStarted():
                self.spans[observation.call] = self.start(observation)
            case FirstEvent():
                self.spans[observation.call].set_attribute("gen_ai.response.time_to_first_chunk", observation.seconds)
                # The attributes of the call are on its span only; those of a metric are few on purpose.
                self.first_chunk.record(observation.seconds, {"gen_ai.provider.name": "xiaomi_mimo"})
            case CallFinished():
                self.finish(self.spans.pop(observation.call), observation)
            case _:
                pass

    def start(self, started: CallStarted) -> Span:
        """Begin the span of a call: a child of the span that is current where the client's method was called."""
        attributes = common(started) | {"gen_ai.request.stream": started.stream}
        for field, value in started.sampling.items():
            if field in REQUEST_ATTRIBUTES:
                attributes[REQUEST_ATTRIBUTES[field]] = value
        name = f"{attributes['gen_ai.operation.name']} {started.model or ''}".strip()
        return self.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)

    def finish(self, span: Span, finished: CallFinished) -> None:
        """End the span, and measure the call."""
        measured = common(finished.started)
        if finished.response_model is not None:
            measured["gen_ai.response.model"] = finished.response_model
        if finished.end in ("error", "incomplete"):  # a caller that leaves is no error
            measured["error.type"] = finished.error or finished.end
            span.set_status(StatusCode.ERROR)
        span.set_attributes(measured)
        if finished.response_id is not None:
            span.set_attribute("gen_ai.response.id", finished.response_id)
        if finished.finish_reasons:
            span.set_attribute("gen_ai.response.finish_reasons", finished.finish_reasons)
        if finished.attempts > 1:
            span.set_attribute("http.request.resend_count", finished.attempts - 1)
        self.duration.record(finished.seconds, measured)
        if finished.usage is not None:
            usage = finished.usage
            span.set_attributes(
                {
                    "gen_ai.usage.input_tokens": usage.input_tokens,
                    "gen_ai.usage.output_tokens": usage.output_tokens,
                    "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
                    "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
                }
            )
            self.tokens.record(usage.input_tokens, measured | {"gen_ai.token.type": "input"})
            self.tokens.record(usage.output_tokens, measured | {"gen_ai.token.type": "output"})
        span.end()


def common(started: CallStarted) -> dict[str, AttributeValue]:
    """Give the attributes that spans and metrics share."""
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": OPERATIONS.get(started.endpoint, started.endpoint),
        "gen_ai.provider.name": "xiaomi_mimo",
        "server.address": started.server_address,
        "server.port": started.server_port,
    }
    if started.model is not None:
        attributes["gen_ai.request.model"] = started.model
    return attributes


def caller_headers() -> dict[str, str]:
    """Give the header fields that name the current span (W3C Trace Context): for `extra_headers`."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers


if __name__ == "__main__":
    # A service has exporters that send here.
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = traces.get_tracer("my-service", schema_url=SCHEMA_URL)
    meter = MeterProvider([reader]).get_meter("my-service", schema_url=SCHEMA_URL)

    with Client(observer=Telemetry(tracer, meter)) as client, tracer.start_as_current_span("answer a user"):
        messages = [user("Is 91 a prime number?")]
        client.create_chat_completion(model="mimo-v2.6-pro", messages=messages, extra_headers=caller_headers())

    for span in exporter.get_finished_spans():
        print(span.name, sorted(span.attributes or {}))
