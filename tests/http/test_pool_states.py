"""The pool and the guard under any order of what a client, a server and the clocks may do, over real sockets."""

from __future__ import annotations

import select
import socket
from math import inf
from typing import TYPE_CHECKING, Literal, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mimo_proto.http.deadlines import Guard
from mimo_proto.http.pool import Pool
from tests.support.connecting import connections_to

if TYPE_CHECKING:
    from mimo_proto.http.connection import Connection

SIZE = 2
Clock = Literal["total", "connect", "idle", "linger"]
CLOCKS: tuple[Clock, ...] = get_args(Clock)
ENDS_AN_ATTEMPT = {"connect", "idle"}


class Taken:
    """A connection that a call has, the call's guard, and the server's end of it."""

    def __init__(self, connection: Connection, guard: Guard) -> None:
        self.connection = connection
        self.guard = guard
        self.peer: socket.socket | None = None


def is_cut(sock: socket.socket) -> bool:
    """Whether a socket is at its end, by whichever side; nothing waits on it to be read."""
    readable, _, _ = select.select([sock], [], [], 0)
    try:
        return bool(readable) and sock.recv(1) == b""
    except ConnectionResetError:
        return True


class PoolStates(RuleBasedStateMachine):
    """Calls take connections, open them, are cancelled or run out of time, and give the connections back or close them.

    The model: which connections are idle, the last given back first, and what the server has done to each.
    """

    @initialize()
    def begin(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pool = Pool(connections_to(origin), SIZE)
        self.closed = False
        # What is kept, each with the server's end and whether the server has left it alone.
        self.idle: list[tuple[Taken, bool]] = []
        self.in_use: list[Taken] = []
        self.gone: list[Taken] = []

    @rule(calls=st.integers(1, SIZE + 1))
    def take(self, calls: int) -> None:
        for _ in range(calls):
            self.in_use.append(self.taken())

    def taken(self) -> Taken:
        guard = Guard()
        one = Taken(self.pool.take(guard), guard)
        while self.idle:
            kept, is_silent = self.idle.pop()
            if is_silent:
                assert one.connection is kept.connection, "the one given back last is taken first"
                one.peer = kept.peer
                break
            self.gone.append(kept)
            assert kept.connection.is_closed, "what the server has closed or spoken on is not used again"
        if one.peer is None:
            assert one.connection.is_closed, "a new one is not open yet"
            one.connection.connect()
            one.peer = self.listener.accept()[0]
        return one

    @precondition(lambda self: self.in_use)
    @rule()
    def give_all(self) -> None:
        """All responses have ended: what follows attempts that went well, and calls that were ended too late."""
        while self.in_use:
            self.give(self.in_use.pop())

    @precondition(lambda self: self.in_use)
    @rule()
    def give_one(self) -> None:
        self.give(self.in_use.pop(0))

    def give(self, one: Taken) -> None:
        if one.guard.reason is not None:
            one.connection.close()
            self.gone.append(one)
            return
        one.guard.detach()
        self.pool.give(one.connection, 60)
        if self.closed or len(self.idle) == SIZE:
            assert one.connection.is_closed, "there is no room"
            self.gone.append(one)
        else:
            self.idle.append((one, True))
        assert one.guard.end("cancelled"), "a call may be cancelled as long as it has not finished"
        one.guard.finish()

    @precondition(lambda self: self.in_use)
    @rule()
    def break_off(self) -> None:
        one = self.in_use.pop(0)
        one.guard.detach()
        one.connection.close()
        one.guard.finish()
        self.gone.append(one)

    @precondition(lambda self: self.in_use)
    @rule(clock=st.sampled_from(["cancelled", *CLOCKS]))
    def end(self, clock: Literal["cancelled"] | Clock) -> None:
        """A clock runs out, or the caller cancels."""
        one = self.in_use[0]
        before = one.guard.reason
        if clock == "cancelled":
            one.guard.end("cancelled")
        else:
            setattr(one.guard, f"{clock}_at", 1.0)
            one.guard.due(2.0)
            setattr(one.guard, f"{clock}_at", inf)
        first = before is None or (clock == "cancelled" and before in ENDS_AN_ATTEMPT)
        assert one.guard.reason == (clock if first else before)
        assert is_cut(one.connection.sock), "whoever reads is woken"

    @precondition(lambda self: self.idle)
    @rule(data=st.data(), closes=st.booleans())
    def server_acts(self, data: st.DataObject, closes: bool) -> None:
        """The server closes an idle connection, or says something that nobody asked for."""
        at = data.draw(st.integers(0, len(self.idle) - 1))
        one, is_silent = self.idle[at]
        assert one.peer is not None
        if is_silent:
            if closes:
                one.peer.shutdown(socket.SHUT_WR)
            else:
                one.peer.sendall(b"x")
        self.idle[at] = (one, False)

    @precondition(lambda self: len(self.gone) > SIZE)
    @rule()
    def close(self) -> None:
        self.pool.close()
        self.closed = True
        self.gone += [one for one, _ in self.idle]
        self.idle.clear()

    @invariant()
    def what_is_in_use_belongs_to_one_call(self) -> None:
        used = [id(one.connection) for one in self.in_use] + [id(one.connection) for one, _ in self.idle]
        assert len(used) == len(set(used))
        assert len(self.idle) <= SIZE

    @invariant()
    def the_server_sees_open_what_is_open(self) -> None:
        for one, _ in self.idle:
            assert one.peer is not None
            assert not is_cut(one.peer), "nothing that a finished call does reaches a connection that is kept"
        for one in self.in_use:
            assert one.peer is not None
            assert is_cut(one.peer) is (one.guard.reason is not None)
        for one in self.gone:
            assert one.peer is not None
            assert is_cut(one.peer)

    def teardown(self) -> None:
        self.pool.close()
        for one in [*self.in_use, *self.gone, *(kept for kept, _ in self.idle)]:
            one.connection.close()
            if one.peer is not None:
                one.peer.close()
        self.listener.close()


class GuardStates(RuleBasedStateMachine):
    """One guard through attempts that begin, end and are ended; the model: the reason, and the socket to shut down."""

    @initialize(idle=st.none() | st.floats(1, 1e6))
    def begin(self, idle: float | None) -> None:
        self.guard = Guard(idle=idle)
        self.reason: str | None = None
        self.over = False
        self.attached: socket.socket | None = None
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cut: set[socket.socket] = set()

    def ended(self, reason: str) -> bool:
        """Whether the model ends for a reason."""
        overruled = reason == "cancelled" and self.reason in ENDS_AN_ATTEMPT
        if self.over or (self.reason is not None and not overruled):
            return False
        self.reason = reason
        if self.attached is not None:
            self.cut.add(self.attached)
        return True

    @rule()
    def attach(self) -> None:
        ours, theirs = socket.socketpair()
        self.pairs.append((ours, theirs))
        self.guard.attach(ours)
        self.attached = ours
        if self.reason is not None:
            self.cut.add(ours)

    @rule()
    def detach(self) -> None:
        self.guard.detach()
        self.attached = None

    @rule(reason=st.sampled_from(["cancelled", *CLOCKS]))
    def end(self, reason: Literal["cancelled"] | Clock) -> None:
        assert self.guard.end(reason) is self.ended(reason)

    @rule(at=st.dictionaries(st.sampled_from(CLOCKS), st.floats(1, 100), min_size=1), now=st.floats(1, 100))
    def look(self, at: dict[Clock, float], now: float) -> None:
        for clock in CLOCKS:
            setattr(self.guard, f"{clock}_at", at.get(clock, inf))
        again = self.guard.due(now)
        first = min(at.values())
        if self.over or first <= now:
            assert again == inf
        else:
            assert now < again <= first
        if not self.over and first <= now:
            # Two clocks may run out at once.
            equal = sorted(clock for clock, value in at.items() if value == first)
            self.ended(next((clock for clock in equal if clock == self.guard.reason), equal[0]))

    @rule()
    def renew(self) -> None:
        self.guard.renew()
        if self.reason in ENDS_AN_ATTEMPT:
            self.reason = None

    @rule()
    def finish(self) -> None:
        self.guard.finish()
        self.over = True
        self.attached = None

    @rule()
    def sleep(self) -> None:
        """An ended call does not wait."""
        self.guard.sleep(0 if self.reason is None else 60)

    @invariant()
    def what_is_ended_says_why(self) -> None:
        assert self.guard.reason == self.reason

    @invariant()
    def what_was_let_go_is_left_alone(self) -> None:
        for ours, theirs in self.pairs:
            assert is_cut(theirs) is (ours in self.cut)

    def teardown(self) -> None:
        for pair in self.pairs:
            for each in pair:
                each.close()


TestPoolStates = PoolStates.TestCase
TestGuardStates = GuardStates.TestCase
