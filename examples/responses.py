"""The Responses API: a streamed turn, then a second one with the first one's items given back."""

from mimo_proto import (
    Client,
    InputItem,
    MessageItem,
    ResponseOutputTextDelta,
    ResponseReasoningTextDelta,
    to_request,
)

with Client() as client:
    items: list[InputItem] = [MessageItem(role="user", content="Name a river in China.")]
    with client.stream_response(model="mimo-v2.6-pro", input=items) as stream:
        for event in stream:
            match event:
                case ResponseReasoningTextDelta():
                    print(f"\033[2m{event.delta}\033[0m", end="", flush=True)
                case ResponseOutputTextDelta():
                    print(event.delta, end="", flush=True)
                case _:
                    pass
        print()
        response = stream.result()

    items += map(to_request, response.output)  # MiMo keeps nothing: the whole conversation goes back
    items.append(MessageItem(role="user", content="How long is it?"))
    response = client.create_response(model="mimo-v2.6-pro", input=items)
    print(response.status, response.output_text)
