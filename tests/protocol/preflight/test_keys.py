"""The key against the host."""

from __future__ import annotations

import pytest

from mimo_proto import preflight
from tests.support.preflighting import CHAT, ELSEWHERE, found, only

PAY = "https://api.xiaomimimo.com/v1"
PLAN = "https://token-plan-cn.xiaomimimo.com/v1"
SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    ("kind", "base_url"),
    [("tp-", None), ("tp-", PAY), ("ttp-", PAY), ("ttp-", "HTTPS://API.Xiaomimimo.com/v1/"), ("sk-", PLAN)],
)
def test_a_key_of_another_host(kind: str, base_url: str | None) -> None:
    finding = only(CHAT, base_url=base_url, api_key=kind + SECRET)
    assert (finding.code, finding.severity, finding.path) == ("key_and_host", "refused", "$")
    assert f"begins with {kind}" in finding.message
    assert ("token-plan-cn" in finding.message.rpartition("set base_url")[2]) == (kind != "sk-")
    assert SECRET not in repr(finding)


@pytest.mark.parametrize(
    ("kind", "base_url"),
    [
        ("sk-", None),
        ("sk-", PAY),
        ("tp-", PLAN),
        ("ttp-", "https://token-plan-sgp.xiaomimimo.com/v1"),
        ("sk-", "https://new.xiaomimimo.com/v1"),
        ("tp-", ELSEWHERE),
        ("tp-", "https://xiaomimimo.com.example/v1"),
        ("tp-", "http://127.0.0.1:8000/v1"),
        ("other-", ELSEWHERE),
    ],
)
def test_a_key_that_belongs_there_or_nobody_knows(kind: str, base_url: str | None) -> None:
    assert found(CHAT, base_url=base_url, api_key=kind + SECRET) == []


def test_a_key_of_no_known_kind() -> None:
    finding = only(CHAT, api_key=f"mimo-{SECRET}")
    assert (finding.code, finding.severity) == ("unknown_key", "risky")
    assert SECRET not in repr(finding)
    assert "mimo-" not in finding.message


@pytest.mark.parametrize("key", [None, ""])
def test_no_key(key: str | None) -> None:
    assert preflight(CHAT, api_key=key) == []
