"""What a call is, whoever does the I/O."""

__all__: list[str] = []
