"""Before a request is sent: what MiMo would refuse, ignore, or do otherwise than one thinks.

Rules:
- Nothing is changed, sent or remembered, and no clock is read; the client never calls this by itself.
- What `validate` finds (types, bounds, names that are missing) is not said again.
- Where accounts of MiMo differ, the finding is risky and names both.
- Ids, caps, media, voices and keys are MiMo's own: of a request to another host nothing is said about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mimo_proto.errors import InvalidRequestError
from mimo_proto.protocol.base_url import DEFAULT_BASE_URL, check_base_url
from mimo_proto.protocol.key_host import host_of, is_mimo_host
from mimo_proto.protocol.preflight.check import Check, members
from mimo_proto.protocol.preflight.fields import check_fields
from mimo_proto.protocol.preflight.history import check_items, check_messages
from mimo_proto.protocol.preflight.keys import check_key
from mimo_proto.protocol.preflight.model_id import check_cap, check_model
from mimo_proto.protocol.preflight.options import check_effort, check_format, check_sampling
from mimo_proto.protocol.preflight.speech import check_speech
from mimo_proto.protocol.preflight.tools import check_tool_choice, check_tools
from mimo_proto.protocol.secret import Secret, without_frames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import msgspec

    from mimo_proto.protocol.finding import Finding

__all__ = ["preflight"]


def preflight(
    request: msgspec.Struct | Mapping[str, Any],
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    today: date | None = None,
) -> list[Finding]:
    """Look at a request before it is sent.

    Args:
        request: A request of Chat (it has `messages`) or of Responses (`input`): a Struct, or a mapping of the same
            shape, with Structs in it or without.
        base_url: Where the request is to go; None for MiMo's own.
        api_key: The key that it is to go with; None leaves it out of the question. No finding shows it.
        today: The day on which the request is to be sent, for models that are switched off; None for the day on which
            the facts of the models were looked up.

    Returns:
        What was found, in the order of the rules; nothing where MiMo takes the request as it is meant.

    Raises:
        InvalidRequestError: It is no request, or no JSON.
        ConfigurationError: The base URL is none.
    """
    api_key = Secret(api_key or "")  # what error trackers store of this frame is masked
    with without_frames:
        host = host_of(check_base_url(DEFAULT_BASE_URL if base_url is None else base_url, allow_http=True))
        try:
            check = Check(_fields(request), is_hosted=is_mimo_host(host), today=today)
            _check(check)
        except RecursionError:
            problem = "it is nested too deeply, or holds itself"
        except (TypeError, ValueError, OverflowError) as error:
            problem = str(error)
        else:
            if check.is_hosted and api_key:
                check_key(check, api_key, host)
            return check.findings
        raise InvalidRequestError(f"this is no request: {problem}")


def _fields(request: object) -> Mapping[str, Any]:
    fields = members(request)
    if fields.get("messages") is None and fields.get("input") is None:
        raise ValueError('it has neither "messages" (Chat) nor "input" (Responses)')
    return fields


def _check(check: Check) -> None:
    if check.is_hosted:
        check_model(check)
        check_cap(check)
    check_fields(check)
    check_sampling(check)
    check_effort(check)
    check_format(check)
    check_tool_choice(check)
    check_tools(check, check.fields.get("tools"), "tools")
    if check.api == "chat":
        check_messages(check)
        check_speech(check)
    else:
        check_items(check)
