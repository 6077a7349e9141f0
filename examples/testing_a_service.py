"""Test a service of yours against a MiMo that you script: run this file, or give it to pytest."""

from mimo_proto import Client, IncompleteStreamError, RateLimitError, user
from mimo_proto.testing import Call, LoopbackServer, Refusal, Turn, recorded


class Summarizer:
    """The service: what you would write."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def summarize(self, text: str) -> str:
        """A summary, or an apology."""
        messages = [user(f"Summarize: {text}")]
        try:
            with self.client.stream_chat_completion(model="mimo-v2.6-pro", messages=messages) as stream:
                return "".join(stream.text())
        except RateLimitError:
            return "Too busy, try again later."
        except IncompleteStreamError as error:
            return f"{error.partial.choices[0].message.content}... (cut off)"


def test_it_asks_for_a_summary() -> None:
    """What it sends, and what it makes of the answer."""
    with LoopbackServer() as server, Client(server.api_key, server.base_url) as client:
        server.reply(Turn("Short.", reasoning="Keep it short."))
        assert Summarizer(client).summarize("a long text") == "Short."
        assert server.requests[0].body["messages"] == [{"role": "user", "content": "Summarize: a long text"}]


def test_it_survives_what_goes_wrong() -> None:
    """Errors, cuts, and a model that calls a tool instead of answering."""
    with LoopbackServer() as server, Client(server.api_key, server.base_url) as client:
        service = Summarizer(client)
        server.script([Refusal(429, "Too many requests", None, type="limitation"), Turn(calls=[Call("search", {})])])
        assert service.summarize("x") == "Too busy, try again later."
        assert service.summarize("x") == ""
        stream = recorded("ChatCompletionChunk.thinking.sse")
        server.reply(stream[: stream.index(b"high")])  # a clean end by HTTP's rules, not by the protocol's
        assert service.summarize("x") == "Mount Tai (泰山) is ... (cut off)"


if __name__ == "__main__":
    test_it_asks_for_a_summary()
    test_it_survives_what_goes_wrong()
    print("all well")
