"""The protocol between bytes and types: sans-IO, msgspec only. Time, chance and the environment are arguments."""

__all__: list[str] = []
