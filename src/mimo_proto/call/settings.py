"""What a client is set to, as a value, and the requests that it makes.

Rules:

- The environment (``MIMO_API_KEY``, ``MIMO_BASE_URL``) is read where an argument is missing; it is an argument itself.
- A wrong key, base URL or header is refused when the settings are made, as every call would refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mimo_proto.call.options import check_options, check_settings
from mimo_proto.endpoints import MODELS, Endpoint
from mimo_proto.limits import Limits, Timeouts
from mimo_proto.observe import Observer
from mimo_proto.protocol.base_url import DEFAULT_BASE_URL, check_base_url
from mimo_proto.protocol.request import Auth, HTTPRequest, build_request
from mimo_proto.protocol.secret import Secret
from mimo_proto.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from mimo_proto.call.options import CallOptions

__all__ = ["Settings", "read_settings"]

RequestT = TypeVar("RequestT")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is set to. Immutable: any thread. It does not pickle: it holds the key.

    Attributes:
        key: The key.
        base_url: Where the API is, without a slash at its end.
        auth: How the key is sent: "bearer" or "api-key".
        headers: More headers for every request.
        allow_http: Whether a plain ``http://`` base URL may name other hosts than this one.
        timeouts: The four clocks of a call, in seconds.
        retry: When a call is tried again.
        limits: How much of an answer is taken, in bytes, and how long its end is waited for, in seconds.
        observer: Gets the observations of each call; None for nobody.
    """

    key: Secret
    base_url: str
    auth: Auth = "bearer"
    headers: Mapping[str, str] | None = None
    allow_http: bool = False
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()
    limits: Limits = Limits()
    observer: Observer | None = None

    def request(
        self,
        endpoint: Endpoint[RequestT, Any, Any],
        request: RequestT | Mapping[str, Any] | None,
        options: CallOptions,
        *,
        stream: bool = False,
    ) -> HTTPRequest:
        """Make the HTTP request of a call.

        Args:
            endpoint: Which operation.
            request: The request as a Struct or a dict; None where there is no body.
            options: The options of the call.
            stream: Whether the answer is to come as events.

        Raises:
            InvalidRequestError: An option that there is not, or of another type.
            MimoError: See `build_request`.
        """
        check_options(options)
        return build_request(
            endpoint,
            request,
            api_key=self.key,
            base_url=self.base_url,
            auth=self.auth,
            stream=stream,
            extra_body=options.get("extra_body"),
            extra_headers={
                **(self.headers or {}),
                **(options.get("extra_headers") or {}),
                "accept-encoding": "identity",
            },
            allow_http=self.allow_http,
            validate=options.get("validate", True),
        )

    def of_call(self, options: CallOptions) -> Settings:
        """Give the settings of one call, where its options may say otherwise."""
        timeouts, retry = options.get("timeouts"), options.get("retry")
        if timeouts is None and retry is None:
            return self
        return msgspec.structs.replace(
            self,
            timeouts=self.timeouts if timeouts is None else timeouts,
            retry=self.retry if retry is None else retry,
        )


def read_settings(
    getenv: Callable[[str], str | None], api_key: Secret | None, base_url: str | None, **settings: Any
) -> Settings:
    """Make the settings of a client.

    Args:
        getenv: Looks a variable of the environment up: `os.getenv`, whose repr shows none, unlike that of `os.environ`.
        api_key: The key; None for that of the environment.
        base_url: Where the API is; None for that of the environment, else MiMo's own.
        **settings: The other attributes of `Settings`.

    Raises:
        ConfigurationError: No key; a key, base URL or header that cannot be used; or a value of another type.
    """
    check_settings(settings)
    key = Secret(getenv("MIMO_API_KEY") or "") if api_key is None else api_key
    if base_url is None:
        base_url = getenv("MIMO_BASE_URL") or DEFAULT_BASE_URL
    made = Settings(key=key, base_url=check_base_url(base_url, allow_http=settings["allow_http"]), **settings)
    made.request(MODELS, None, {})
    return made
