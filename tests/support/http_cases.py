"""Odd responses of HTTP/1.1, whole connections of them: what came until the server closed its end."""

from __future__ import annotations

__all__ = ["CASES"]

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
CODED = b"Transfer-Encoding: chunked\r\n"
CHUNKED = OK + CODED + b"\r\n"
END = b"0\r\n\r\n"

STATUS_LINES = {
    "plain": OK + HELLO,
    "no-reason": b"HTTP/1.1 200\r\n" + HELLO,
    "an-empty-reason": b"HTTP/1.1 200 \r\n" + HELLO,
    "a-reason-with-blanks": b"HTTP/1.1 200 \t all  is\twell \r\n" + HELLO,
    "a-reason-in-latin-1": b"HTTP/1.1 200 d\xe9j\xe0 vu\r\n" + HELLO,
    "a-reason-with-nul": b"HTTP/1.1 200 O\0K\r\n" + HELLO,
    "a-reason-with-vt": b"HTTP/1.1 200 O\x0bK\r\n" + HELLO,
    "a-reason-with-cr": b"HTTP/1.1 200 O\rK\r\n" + HELLO,
    "a-reason-with-a-control": b"HTTP/1.1 200 O\x01\x7fK\r\n" + HELLO,
    "two-blanks-before-the-status": b"HTTP/1.1  200 OK\r\n" + HELLO,
    "a-tab-before-the-status": b"HTTP/1.1\t200 OK\r\n" + HELLO,
    "a-tab-behind-the-status": b"HTTP/1.1 200\tOK\r\n" + HELLO,
    "two-digits": b"HTTP/1.1 20 OK\r\n" + HELLO,
    "four-digits": b"HTTP/1.1 2000 OK\r\n" + HELLO,
    "other-digits": b"HTTP/1.1 2\xb20 OK\r\n" + HELLO,
    "a-status-below-100": b"HTTP/1.1 099 OK\r\n" + HELLO,
    "999": b"HTTP/1.1 999 Denied\r\n" + HELLO,
    "no-status": b"HTTP/1.1 OK\r\n" + HELLO,
    "1.2": b"HTTP/1.2 200 OK\r\n" + HELLO,
    "2.0": b"HTTP/2.0 200 OK\r\n" + HELLO,
    "0.9": b"HTTP/0.9 200 OK\r\n" + HELLO,
    "2": b"HTTP/2 200 OK\r\n" + HELLO,
    "1.10": b"HTTP/1.10 200 OK\r\n" + HELLO,
    "small-letters": b"http/1.1 200 OK\r\n" + HELLO,
    "icy": b"ICY 200 OK\r\n" + HELLO,
    "ssh": b"SSH-2.0-OpenSSH_9.9\r\n",
    "the-preface-of-http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a-byte-order-mark-first": b"\xef\xbb\xbf" + OK + HELLO,
    "an-empty-line-first": b"\r\n" + OK + HELLO,
    "a-blank-first": b" " + OK + HELLO,
    "nothing": b"",
}

FIELDS = {
    "lf": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "mixed-line-ends": b"HTTP/1.1 200 OK\nX: y\r\nContent-Length: 5\n\r\nhello",
    "cr-alone-ends-no-line": OK + b"X: y\rContent-Length: 5\r\n\r\nhello",
    "cr-twice": OK + b"X: y\r\r\n" + HELLO,
    "no-blanks": OK + b"X:y\r\n" + HELLO,
    "blanks-around-a-value": OK + b"X: \t y z \t \r\n" + HELLO,
    "an-empty-value": OK + b"X:\r\nY: \r\n" + HELLO,
    "a-value-with-nul": OK + b"X: a\0b\r\n" + HELLO,
    "a-value-with-vt-and-ff": OK + b"X: a\x0bb\x0c\r\n" + HELLO,
    "a-value-with-controls": OK + b"X: a\x01\x1f\x7fb\r\n" + HELLO,
    "a-value-in-latin-1": OK + b"X: caf\xe9 \x85\xa0\r\n" + HELLO,
    "a-value-with-colons": OK + b"X: a:b::\r\n" + HELLO,
    "all-of-a-token": OK + b"!#$%&'*+-.^_`|~09azAZ: y\r\n" + HELLO,
    "an-empty-name": OK + b": y\r\n" + HELLO,
    "a-blank-in-a-name": OK + b"X Y: y\r\n" + HELLO,
    "a-blank-before-the-colon": OK + b"X : y\r\n" + HELLO,
    "a-name-that-is-not-ascii": OK + b"X\xe9: y\r\n" + HELLO,
    "a-name-with-nul": OK + b"X\0: y\r\n" + HELLO,
    "a-name-in-brackets": OK + b"(X): y\r\n" + HELLO,
    "no-colon": OK + b"X\r\n" + HELLO,
    "a-fold": OK + b"X: one\r\n two\r\n\t three\r\n" + HELLO,
    "a-value-that-begins-on-a-fold": OK + b"X:\r\n one\r\n" + HELLO,
    "a-length-on-a-fold": OK + b"Content-Length:\r\n 5\r\n\r\nhello",
    "a-coding-on-a-fold": OK + b"Transfer-Encoding: \r\n\tchunked\r\n\r\n5\r\nhello\r\n" + END,
    "close-on-a-fold": OK + b"Connection: keep-alive,\r\n close\r\n" + HELLO,
    "an-empty-fold": OK + b"X: one\r\n \r\n \t\r\n" + HELLO,
    "blanks-before-a-fold": OK + b"X: one \t\r\n two\r\n" + HELLO,
    "a-fold-of-a-repeated-field": OK + b"X: one\r\nX:\r\n two\r\n" + HELLO,
    "a-fold-ended-by-lf": OK + b"X: one\n two\r\n" + HELLO,
    "a-fold-with-nul": OK + b"X: one\r\n t\0wo\r\n" + HELLO,
    "a-fold-with-cr": OK + b"X: one\r\n t\rwo\r\n" + HELLO,
    "a-fold-first": OK + b" X: one\r\n" + HELLO,
    "a-colon-on-a-fold": OK + b"X\r\n : one\r\n" + HELLO,
    "repeated": OK + b"X: one\r\nx: two\r\nX:\r\n" + HELLO,
    "cookies": OK + b"Set-Cookie: a=1, b\r\nSet-Cookie: c=2\r\n" + HELLO,
    "many": OK + b"".join(b"X-%d: y\r\n" % number for number in range(300)) + HELLO,
    "a-head-over-64-kib": OK + b"X: y\r\n" * 12_000 + HELLO,
    "a-head-over-64-kib-without-end": OK + b"X: y\r\n" * 12_000,
}

LENGTHS = {
    f"a-length-{name}": OK + b"Content-Length:" + value + b"\r\n\r\nhello"
    for name, value in {
        "of-0": b" 0",
        "shorter": b" 3",
        "longer": b" 9",
        "empty": b"",
        "negative": b" -5",
        "with-plus": b" +5",
        "with-a-point": b" 5.0",
        "in-hexadecimal": b" 0x5",
        "with-an-underscore": b" 0_5",
        "with-zeros": b" 005",
        "with-words": b" 5 bytes",
        "with-vt": b" \x0b5",
        "with-ff-behind": b" 5\x0c",
        "with-a-group-separator": b" \x1d5",
        "with-nel": b" 5\x85",
        "with-a-hard-blank": b" \xa05",
        "of-other-digits": b" \xb2",
        "in-quotes": b' "5"',
        "twice": b" 5\r\nContent-Length: 5",
        "twice-in-one": b" 5,\t5",
        "twice-of-which-one-is-empty": b" 5\r\nContent-Length:",
        "that-a-fold-cuts": b" 1\r\n 5",
        "twice-in-two-spellings": b" 5\r\nContent-Length: 05",
        "twice-and-other": b" 5\r\ncontent-length: 6",
        "twice-in-one-and-other": b" 5, 6",
        "with-an-empty-member": b" 5,",
        "of-20-digits": b" " + b"9" * 20,
        "of-21-digits": b" " + b"0" * 20 + b"5",
        "of-5000-digits": b" " + b"9" * 5000,
    }.items()
}

CODINGS = {
    f"coding-{name}": OK + b"Transfer-Encoding:" + value + b"\r\n\r\n5\r\nhello\r\n" + END
    for name, value in {
        "chunked": b" chunked",
        "in-capitals": b" CHUNKED",
        "empty": b"",
        "identity": b" identity",
        "identity-and-a-length": b" Identity\r\nContent-Length: 5",
        "that-a-fold-cuts": b" chu\r\n nked",
        "empty-and-chunked": b"\r\nTransfer-Encoding: chunked",
        "identity-and-chunked": b" identity\r\nTransfer-Encoding: chunked",
        "gzip": b" gzip",
        "gzip-chunked": b" gzip, chunked",
        "chunked-gzip": b" chunked, gzip",
        "chunked-twice": b" chunked\r\nTransfer-Encoding: chunked",
        "chunked-twice-in-one": b" chunked, chunked",
        "with-an-empty-member": b" , chunked",
        "with-a-parameter": b" chunked;q=1",
        "in-quotes": b' "chunked"',
        "with-vt": b" \x0bchunked",
        "with-nul": b" chunked\0",
        "with-a-hard-blank": b" chunked\xa0",
        "unknown": b" xchunked",
        "and-a-length": b" chunked\r\nContent-Length: 5",
        "and-a-bad-length": b" chunked\r\nContent-Length: five",
    }.items()
}

STATUSES = {
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + HELLO,
    "103-twice": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 2 + OK + HELLO,
    "100-alone": b"HTTP/1.1 100 Continue\r\n\r\n",
    "100-with-a-length": b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + OK + HELLO,
    "100-with-a-bad-length": b"HTTP/1.1 100 Continue\r\nContent-Length: five\r\n\r\n" + OK + HELLO,
    "100-with-a-bad-coding": b"HTTP/1.1 100 Continue\r\nTransfer-Encoding: gzip\r\n\r\n" + OK + HELLO,
    "100-in-chunks": b"HTTP/1.1 100 Continue\r\n" + CODED + b"\r\n" + OK + HELLO,
    "100-a-thousand-times": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + OK + HELLO,
    "100-and-something": b"HTTP/1.1 100 Continue\r\n\r\nhello" + OK + HELLO,
    "100-and-close": b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" + OK + HELLO,
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x81\x05hello",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "204-with-a-length": b"HTTP/1.1 204 No Content\r\n" + HELLO,
    "204-in-chunks": b"HTTP/1.1 204 No Content\r\n" + CODED + b"\r\n" + END,
    "204-with-a-bad-length": b"HTTP/1.1 204 No Content\r\nContent-Length: 5, 6\r\n\r\n",
    "304-with-a-length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "304-in-chunks": b"HTTP/1.1 304 Not Modified\r\n" + CODED + b"\r\n5\r\nhello\r\n" + END,
    "304-with-a-bad-coding": b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: gzip\r\n\r\n",
    "205-with-a-body": b"HTTP/1.1 205 Reset Content\r\n" + HELLO,
    "until-the-end": OK + b"\r\nhello",
    "until-the-end-and-keep-alive": OK + b"Connection: keep-alive\r\n\r\nhello",
    "surplus": OK + HELLO + b"HTTP/1.1 200 OK\r\n\r\n",
    "surplus-behind-chunks": CHUNKED + b"5\r\nhello\r\n" + END + b"\r\n",
}

CONNECTIONS = {
    f"{version.decode()}-{name}": b"HTTP/" + version + b" 200 OK\r\n" + fields + HELLO
    for version in (b"1.0", b"1.1")
    for name, fields in {
        "no-option": b"",
        "close": b"Connection: close\r\n",
        "keep-alive": b"Connection: Keep-Alive\r\n",
        "keep-alive-and-close": b"Connection: keep-alive, close\r\n",
        "close-and-keep-alive": b"Connection: CLOSE\r\nConnection: keep-alive\r\n",
        "closed": b"Connection: closed\r\n",
        "x-close": b"Connection: x-close, TE\r\n",
        "not-keep-alive": b"Connection: no-keep-alive\r\n",
        "empty-members": b"Connection: , ,close,\r\n",
        "close-in-quotes": b'Connection: "close"\r\n',
        "close-with-tabs": b"Connection: TE,\tclose\t\r\n",
        "close-with-a-hard-blank": b"Connection: close\xa0\r\n",
        "keep-alive-and-chunks": b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
    }.items()
} | {
    "1.0-in-chunks": b"HTTP/1.0 200 OK\r\n" + CODED + b"\r\n5\r\nhello\r\n" + END,
    "1.0-in-chunks-and-keep-alive": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
    + CODED
    + b"\r\n5\r\nhello\r\n"
    + END,
    "1.0-identity-and-keep-alive": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: identity\r\n"
    + HELLO,
}

CHUNKS = {
    f"chunks-{name}": CHUNKED + body
    for name, body in {
        "two": b"5\r\nhello\r\n6\r\n world\r\n" + END,
        "none": END,
        "in-capitals-and-zeros": b"000A\r\n0123456789\r\n000\r\n\r\n",
        "of-20-digits": b"0" * 19 + b"5\r\nhello\r\n" + END,
        "of-21-digits": b"0" * 20 + b"5\r\nhello\r\n" + END,
        "huge": b"f" * 16 + b"\r\nhello",
        "with-0x": b"0x5\r\nhello\r\n" + END,
        "negative": b"-5\r\nhello\r\n" + END,
        "with-plus": b"+5\r\nhello\r\n" + END,
        "with-an-underscore": b"0_5\r\nhello\r\n" + END,
        "with-a-blank-first": b" 5\r\nhello\r\n" + END,
        "with-blanks-behind": b"5 \t\r\nhello\r\n" + END,
        "with-vt-behind": b"5\x0b\r\nhello\r\n" + END,
        "with-an-empty-size": b"\r\nhello\r\n" + END,
        "without-digits": b"xyz\r\nhello\r\n" + END,
        "with-an-extension": b'5;name="va;lue"; x\r\nhello\r\n0;last\r\n\r\n',
        "with-blanks-before-an-extension": b"5 ;x\r\nhello\r\n0\t;x\r\n\r\n",
        "with-lf-in-an-extension": b"5;x\nhello\r\n" + END,
        "with-cr-in-an-extension": b"5;x\ry\r\nhello\r\n" + END,
        "with-nul-in-an-extension": b"5;x\0y\r\nhello\r\n" + END,
        "with-a-long-extension": b"5;" + b"x" * 5000 + b"\r\nhello\r\n" + END,
        "with-lf-behind-a-size": b"5\nhello\r\n" + END,
        "with-lf-behind-data": b"5\r\nhello\n" + END,
        "with-lf-behind-the-last-size": b"5\r\nhello\r\n0\n\r\n",
        "with-lf-for-all": b"5\nhello\n0\n\n",
        "with-cr-behind-a-size": b"5\rhello\r\n" + END,
        "with-cr-twice-behind-a-size": b"5\r\r\nhello\r\n" + END,
        "with-cr-behind-data": b"5\r\nhello\r" + END,
        "longer-than-said": b"4\r\nhello\r\n" + END,
        "shorter-than-said": b"6\r\nhello\r\n" + END,
        "with-line-ends-inside": b"4\r\n\r\n\r\n\r\n" + END,
        "with-a-status-line": OK + HELLO,
        "with-a-trailer": b"5\r\nhello\r\n0\r\nExpires: now\r\nX: y\r\n\r\n",
        "with-an-empty-line-ended-by-lf": b"5\r\nhello\r\n0\r\n\n",
        "with-a-trailer-ended-by-lf": b"5\r\nhello\r\n0\r\nX: y\n\r\n",
        "with-a-trailer-and-lf": b"5\r\nhello\r\n0\r\nX: y\r\n\n",
        "with-a-trailer-and-cr": b"5\r\nhello\r\n0\r\nX: y\rz\r\n\r\n",
        "with-a-trailer-and-nul": b"5\r\nhello\r\n0\r\nX: y\0z\r\n\r\n",
        "with-a-trailer-and-vt": b"5\r\nhello\r\n0\r\nX: y\x0bz\r\n\r\n",
        "with-a-folded-trailer": b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
        "with-a-fold-ended-by-lf": b"5\r\nhello\r\n0\r\nX: y\r\n z\n\r\n",
        "with-a-fold-first": b"5\r\nhello\r\n0\r\n X: y\r\n\r\n",
        "with-no-field-in-the-trailer": b"5\r\nhello\r\n0\r\nHTTP/1.1 200 OK\r\n\r\n",
        "with-a-blank-before-a-colon": b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
        "with-a-length-in-the-trailer": b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
        "with-a-bad-length-in-the-trailer": b"5\r\nhello\r\n0\r\nContent-Length: five\r\n\r\n",
        "with-a-coding-in-the-trailer": b"5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n",
        "with-a-long-trailer-line": b"5\r\nhello\r\n0\r\nX: " + b"y" * 5000 + b"\r\n\r\n",
        "with-a-long-trailer": b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 15_000 + b"\r\n",
    }.items()
}

WHOLE = {
    "length": OK + b"X: y\r\n" + HELLO,
    "chunks": CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
}
CUT = {f"cut-{name}-{at}": wire[:at] for name, wire in WHOLE.items() for at in range(1, len(wire))}

CASES: dict[str, bytes] = {**STATUS_LINES, **FIELDS, **LENGTHS, **CODINGS, **STATUSES, **CONNECTIONS, **CHUNKS, **CUT}
"""Each response by its name."""
