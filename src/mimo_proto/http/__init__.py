"""Calls over sockets, synchronously: HTTP/1.1, and TLS by urllib3."""

__all__: list[str] = []
