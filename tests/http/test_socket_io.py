"""What the system says of a peer that it has given up; all else is in `tests/faults`, over real servers."""

from __future__ import annotations

import errno

import pytest

from mimo_proto import ConnectionClosed, Timeouts
from mimo_proto.http.deadlines import Guard
from mimo_proto.http.network_errors import own_error
from mimo_proto.http.socket_io import receive


class GivenUp:
    """A socket whose peer has answered nothing for so long that TCP breaks off."""

    def settimeout(self, seconds: float | None) -> None:
        pass

    def recv(self, size: int) -> bytes:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")


@pytest.mark.parametrize("watched", [True, False])
def test_a_peer_that_tcp_has_given_up_is_a_closed_connection_and_no_clock(watched: bool) -> None:
    guard = Guard(read=600)
    guard.watched = watched
    with pytest.raises(TimeoutError) as caught:
        receive(GivenUp(), 1, guard)
    error = own_error(caught.value, "head", guard, Timeouts(), reused=False)
    assert type(error) is ConnectionClosed
    assert "Connection timed out" in str(error)
