"""mimo-proto."""
