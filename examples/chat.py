"""Ask MiMo something, and keep the conversation going."""

from mimo_proto import APIError, ChatMessage, Client, system, to_request, user

with Client() as client:  # MIMO_API_KEY, and MIMO_BASE_URL if it is not MiMo's own host
    history: list[ChatMessage] = [system("Answer in one sentence."), user("Why is the sky blue?")]
    try:
        done = client.create_chat_completion(model="mimo-v2.6-pro", messages=history)
    except APIError as error:
        raise SystemExit(f"MiMo refused: {error}") from None
    print(done.choices[0].message.content)

    history.append(to_request(done.choices[0].message))  # what MiMo takes back: thinking and all
    history.append(user("And at sunset?"))
    done = client.create_chat_completion(model="mimo-v2.6-pro", messages=history)
    print(done.choices[0].message.content)
    if done.usage:
        print(f"{done.usage.total_tokens} tokens")
