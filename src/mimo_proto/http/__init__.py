"""Calls over sockets, synchronously: HTTP/1.1 over urllib3's connections."""

__all__: list[str] = []
