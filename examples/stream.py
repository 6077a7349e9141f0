"""Show the answer as it is written, with the thinking before it; then have the whole."""

from mimo_proto import Client, user

with (
    Client() as client,
    client.stream_chat_completion(
        model="mimo-v2.6-pro",
        messages=[user("Is 91 a prime number?")],
        thinking={"type": "enabled"},
    ) as stream,
):
    for chunk in stream:
        for choice in chunk.choices:
            print(choice.delta.reasoning_content or choice.delta.content or "", end="", flush=True)
        if any(choice.finish_reason for choice in chunk.choices):
            print()
    done = stream.result()  # the object that the call without streaming gives

print(f"The answer was: {done.choices[0].message.content}")
