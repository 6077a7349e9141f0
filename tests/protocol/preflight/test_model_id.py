"""The id of the model, and its cap of tokens."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mimo_proto.models.model_facts import MODEL_FACTS
from tests.support.preflighting import CHAT, ELSEWHERE, RESPONSES, found, only

LAST_DAY = date(2026, 10, 20)
DAY = date(2026, 10, 21)
RETIRED = [each.id for each in MODEL_FACTS.values() if each.retired]


def test_a_model_without_a_day_is_living() -> None:
    for facts in MODEL_FACTS.values():
        if facts.kind == "text" and not facts.retired:
            for api in facts.endpoints:
                request = CHAT if api == "chat" else RESPONSES
                assert found({**request, "model": facts.id}, today=date(2030, 1, 1)) == []


@pytest.mark.parametrize("model", RETIRED)
def test_a_model_whose_day_was_past_when_the_facts_were_looked_up(model: str) -> None:
    findings = [each for each in found({**CHAT, "model": model}) if each[0] == "retired_model"]
    assert findings == [("retired_model", "refused", "$.model")]


def test_today_moves_it() -> None:
    request = {**CHAT, "model": "mimo-v2.5-pro"}
    assert found(request, today=LAST_DAY) == []
    assert found(request, today=DAY) == [("retired_model", "refused", "$.model")]
    assert found(request, today=datetime(2026, 10, 22, tzinfo=UTC)) == [("retired_model", "refused", "$.model")]
    assert found(request, today=datetime(2026, 10, 1, tzinfo=UTC)) == []


def test_another_of_the_kind_is_named() -> None:
    assert "mimo-v2.6-pro" in only({**CHAT, "model": "mimo-v2.5"}).message
    speech = {"model": "mimo-v2-tts", "messages": [{"role": "assistant", "content": "hi"}]}
    assert "mimo-v2.5-tts" in only(speech).message


def test_an_unknown_id() -> None:
    finding = only({**CHAT, "model": "mimo-v9"})
    assert (finding.code, finding.severity, finding.path) == ("unknown_model", "risky", "$.model")
    assert found({**CHAT, "model": None}) == []


@pytest.mark.parametrize("model", ["MiMo-V2.6-Pro", "MIMO-V2.6-PRO", " mimo-v2.6-pro"])
def test_an_id_in_other_letters(model: str) -> None:
    finding = only({**CHAT, "model": model})
    assert (finding.code, finding.severity, finding.path) == ("miscased_model", "refused", "$.model")
    assert 'write "mimo-v2.6-pro"' in finding.message


def test_a_model_of_the_other_endpoint() -> None:
    assert ("wrong_endpoint", "refused", "$.model") in found({**RESPONSES, "model": "mimo-v2.5-tts"})


@pytest.mark.parametrize(("request_", "name"), [(CHAT, "max_completion_tokens"), (RESPONSES, "max_output_tokens")])
def test_more_than_the_cap(request_: dict[str, object], name: str) -> None:
    finding = only({**request_, name: 131_073})
    assert (finding.code, finding.severity, finding.path) == ("above_cap", "refused", f"$.{name}")
    assert "131072 tokens at most, thinking included" in finding.message
    assert found({**request_, name: 131_072}) == []
    assert found({**request_, name: None}) == []


def test_caps_are_the_models_own() -> None:
    speech = {"model": "mimo-v2.5-tts", "messages": [{"role": "assistant", "content": "hi"}]}
    assert found({**speech, "max_completion_tokens": 8192}) == []
    assert found({**speech, "max_completion_tokens": 8193}) == [("above_cap", "refused", "$.max_completion_tokens")]


def test_a_cap_that_is_a_reading_of_ours_is_risky() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    request = {"model": "mimo-v2.5-asr", "messages": [{"role": "user", "content": [sound]}]}
    finding = only({**request, "max_completion_tokens": 3000})
    assert (finding.code, finding.severity) == ("above_cap", "risky")


@pytest.mark.parametrize("model", ["mimo-v2.5-pro", "MiMo-V2.6-Pro", "gpt-5", "XiaomiMiMo/MiMo-V2.5"])
def test_of_other_hosts_nothing_is_said(model: str) -> None:
    request = {**CHAT, "model": model, "max_completion_tokens": 1_000_000}
    assert found(request, base_url=ELSEWHERE) == []
    assert found(request, base_url="https://xiaomimimo.com.example/v1") == []
    assert found(request)
    assert found(request, base_url="https://token-plan-ams.xiaomimimo.com/v1")
