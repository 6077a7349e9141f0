"""The protocol without our client: httpx does the HTTP, mimo_proto the rest."""

import os

import httpx

from mimo_proto import CHAT_COMPLETIONS, ChatAccumulator, StreamDecoder, build_request, parse_response

key, base_url = os.environ["MIMO_API_KEY"], os.environ.get("MIMO_BASE_URL", "https://api.xiaomimimo.com/v1")
question = {"model": "mimo-v2.6-pro", "messages": [{"role": "user", "content": "hi"}]}

with httpx.Client(timeout=600) as web:
    request = build_request(CHAT_COMPLETIONS, question, api_key=key, base_url=base_url)
    answer = web.request(request.method, request.url, headers=dict(request.headers), content=request.body)
    done = parse_response(CHAT_COMPLETIONS, answer.status_code, answer.headers, answer.content)
    print(done.choices[0].message.content)

    request = build_request(CHAT_COMPLETIONS, question, api_key=key, base_url=base_url, stream=True)
    decoder, total = StreamDecoder(CHAT_COMPLETIONS), ChatAccumulator()
    with web.stream(request.method, request.url, headers=dict(request.headers), content=request.body) as streamed:
        if streamed.status_code != 200:
            parse_response(CHAT_COMPLETIONS, streamed.status_code, streamed.headers, streamed.read())
        for chunk in streamed.iter_bytes():  # cut anywhere
            for event in decoder.feed(chunk):
                total.add(event)
                print("".join(choice.delta.content or "" for choice in event.choices), end="", flush=True)
    decoder.close()  # IncompleteStreamError if the stream was cut
    print()
    print(total.result().usage)
