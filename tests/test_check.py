"""The words of a check: every verdict can be told, and what the journal keeps comes back as it was."""

import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.check import (
    ALIVE,
    MEANINGS,
    Check,
    Learnt,
    Mood,
    Stage,
    Verdict,
    check_from_json,
    check_to_json,
)
from tests.conftest import NOW

PLAIN = Check("a" * 32, "openai/work", "wxyz", NOW, Verdict.OK)
FULL = Check(
    credential_id="b" * 32,
    name="openai/café",
    hint="",
    at=datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5))),
    verdict=Verdict.KEY_LIMIT_REACHED,
    stages=(
        Stage("shape", Verdict.OK, "looks like an OpenAI key"),
        Stage("key", Verdict.ACCEPTED, "200, 57 models", 200, 321),
        Stage("paid", Verdict.KEY_LIMIT_REACHED, "403", 403, 0),
    ),
    learnt=Learnt(
        models=0,
        limit=Decimal("10.50"),
        remaining=Decimal("0"),
        reset="monthly",
        usage=Decimal("1E-7"),
        usage_daily=Decimal("0.000000001"),
        usage_weekly=Decimal("12345678901234567890.12"),
        usage_monthly=Decimal("-1"),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        free_tier=False,
        management=True,
        probe_model="gpt-x",
        requests_limit="500",
        requests_remaining="0",
        requests_reset="6m0s",
        tokens_limit="1e6",
        tokens_remaining="",
        tokens_reset="soon",
        organization="org-a",
        project="proj_b",
        account="user_c",
        key_label="laptop",
        scopes="may chat; may not files",
        balance=Decimal("110.00"),
        currency="CNY",
        works_at="https://own.example/v1",
        clock_skew_s=-7200,
    ),
    evidence="Key limit exceeded [/x]",
    next_step="raise it",
    page="https://example.com/keys",
    retry_after_s=0,
    fingerprint="00ff" * 8,
)


# ---------------------------------------------------------------------- verdicts


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_can_be_told(verdict: Verdict) -> None:
    meaning = verdict.meaning
    assert 1 <= len(meaning.word) <= 15
    assert len(meaning.sign) == 1
    assert meaning.sentence[0].islower() or meaning.sentence.startswith("{")
    assert meaning.next_step[0].islower()
    assert not f"{meaning.sentence}{meaning.next_step}".endswith(".")
    assert set(re.findall(r"\{(.*?)\}", meaning.sentence + meaning.next_step)) <= {"provider", "host"}
    assert meaning.sentence.format(provider="OpenAI", host="api.openai.com")
    assert meaning.page in ("", "billing", "keys", "limits", "organization", "status")


def test_no_two_verdicts_share_a_word_or_a_sentence() -> None:
    assert set(MEANINGS) == set(Verdict)
    assert len({meaning.word for meaning in MEANINGS.values()}) == len(Verdict)
    assert len({meaning.sentence for meaning in MEANINGS.values()}) == len(Verdict)


def test_a_sign_goes_with_a_mood_and_no_sign_with_two() -> None:
    moods = {(meaning.sign, meaning.mood) for meaning in MEANINGS.values()}
    assert moods == {("✓", Mood.GOOD), ("!", Mood.CARE), ("✗", Mood.BAD), ("?", Mood.UNSURE)}


def test_a_key_is_alive_where_the_provider_is_known_to_know_it() -> None:
    assert {Verdict.OK, Verdict.ACCEPTED, Verdict.NO_CREDITS, Verdict.RATE_LIMITED} <= ALIVE
    assert ALIVE.isdisjoint(verdict for verdict in Verdict if verdict.meaning.mood in (Mood.BAD, Mood.UNSURE))
    assert Verdict.REGION_OR_IP_BLOCKED not in ALIVE


def test_what_the_journal_stores_of_a_verdict_never_changes() -> None:
    assert [verdict.value for verdict in Verdict] == [
        "ok",
        "accepted",
        "no_credits",
        "key_limit_reached",
        "spend_limit_reached",
        "rate_limited",
        "restricted_scope",
        "model_unavailable",
        "wrong_org_or_project",
        "region_or_ip_blocked",
        "management_key",
        "invalid_key",
        "key_disabled_or_expired",
        "account_blocked",
        "wrong_provider",
        "provider_down",
        "unreachable",
        "not_verifiable",
        "unknown",
    ]


# ---------------------------------------------------------------------- what was learnt


def test_newer_learning_replaces_what_it_says_and_keeps_the_rest() -> None:
    older, newer = Learnt(models=5, limit=Decimal(1), free_tier=True), Learnt(limit=Decimal(0), free_tier=False)
    assert older.merged(newer) == Learnt(models=5, limit=Decimal(0), free_tier=False)
    assert older.merged(Learnt()) == older
    assert Learnt().merged(older) == older


def test_the_latency_of_a_check_is_that_of_its_first_request() -> None:
    assert PLAIN.latency_ms is None
    assert FULL.latency_ms == 321
    assert replace(FULL, stages=(Stage("key", Verdict.OK, "", 200, 0), FULL.stages[1])).latency_ms == 0


# ---------------------------------------------------------------------- to the journal and back


@pytest.mark.parametrize("check", [PLAIN, FULL, *(replace(PLAIN, verdict=verdict) for verdict in Verdict)], ids=repr)
def test_a_check_comes_back_from_json_as_it_was(check: Check) -> None:
    assert check_from_json(json.loads(json.dumps(check_to_json(check)))) == check


def test_amounts_keep_their_digits_and_dates_their_zone() -> None:
    back = check_from_json(json.loads(json.dumps(check_to_json(FULL))))
    assert str(back.learnt.limit) == "10.50"
    assert back.at.utcoffset() == timedelta(hours=-5)


def test_the_full_check_of_these_tests_says_everything_there_is_to_say() -> None:
    assert [each.name for each in fields(Learnt) if getattr(FULL.learnt, each.name) is None] == []


def test_what_was_not_learnt_is_left_out() -> None:
    assert check_to_json(PLAIN)["learnt"] == {}
    assert check_to_json(replace(PLAIN, learnt=Learnt(models=0, free_tier=False)))["learnt"] == {
        "models": 0,
        "free_tier": False,
    }


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
wholes = st.none() | st.integers(0, 10**9)
amounts = st.none() | st.decimals(allow_nan=False, allow_infinity=False)
moments = st.datetimes(timezones=st.just(UTC))
checks = st.builds(
    Check,
    credential_id=texts,
    name=texts,
    hint=texts,
    at=moments,
    verdict=st.sampled_from(Verdict),
    stages=st.lists(st.builds(Stage, texts, st.sampled_from(Verdict), texts, wholes, wholes), max_size=3).map(tuple),
    learnt=st.builds(
        Learnt,
        models=wholes,
        limit=amounts,
        usage=amounts,
        expires_at=st.none() | moments,
        free_tier=st.none() | st.booleans(),
        probe_model=st.none() | texts,
    ),
    evidence=texts,
    next_step=texts,
    page=texts,
    retry_after_s=wholes,
)


@settings(max_examples=60)
@given(checks)
def test_any_check_comes_back_from_json_as_it_was(check: Check) -> None:
    assert check_from_json(json.loads(json.dumps(check_to_json(check)))) == check


REFUSED = (KeyError, TypeError, ValueError, ArithmeticError)


def spoilt(**changes: object) -> dict[str, object]:
    return {**check_to_json(FULL), **changes}


def test_a_check_of_a_log_without_fingerprints_has_none() -> None:
    data = check_to_json(FULL)
    del data["fingerprint"]
    assert check_from_json(data) == replace(FULL, fingerprint="")


@pytest.mark.parametrize("member", sorted(check_to_json(PLAIN).keys() - {"fingerprint"}))
def test_a_check_without_one_of_its_members_is_refused(member: str) -> None:
    data = check_to_json(FULL)
    del data[member]
    with pytest.raises(REFUSED):
        check_from_json(data)


@pytest.mark.parametrize("member", check_to_json(FULL))
@pytest.mark.parametrize("value", [True, 1.5, {"a": 1}, [["a"]], "\0"], ids=repr)
def test_a_member_of_another_type_is_refused(member: str, value: object) -> None:
    if value == "\0" and member in ("credential", "name", "hint", "evidence", "next_step", "page", "fingerprint"):
        assert check_from_json(spoilt(**{member: value})) != FULL
        return
    with pytest.raises(REFUSED):
        check_from_json(spoilt(**{member: value}))


def stage(**changes: object) -> dict[str, object]:
    values = {"name": "key", "verdict": "ok", "detail": "", "status": 200, "latency": 1, **changes}
    return spoilt(stages=[list(values.values())])


@pytest.mark.parametrize(
    "data",
    {
        "an unknown verdict": lambda: spoilt(verdict="splendid"),
        "a verdict by its name": lambda: spoilt(verdict="OK"),
        "a date without its zone": lambda: spoilt(at="2026-11-23T10:00:00"),
        "a date that is none": lambda: spoilt(at="now"),
        "something unknown that was learnt": lambda: spoilt(learnt={"colour": "red"}),
        "an amount that is a number": lambda: spoilt(learnt={"limit": 10.5}),
        "an amount that is none": lambda: spoilt(learnt={"limit": "much"}),
        "an amount that is null": lambda: spoilt(learnt={"limit": None}),
        "models counted by a truth": lambda: spoilt(learnt={"models": True}),
        "a flag that is a number": lambda: spoilt(learnt={"free_tier": 1}),
        "a date learnt without its zone": lambda: spoilt(learnt={"expires_at": "2027-01-01"}),
        "a text learnt that is a number": lambda: spoilt(learnt={"reset": 5}),
        "a wait that is half a second": lambda: spoilt(retry_after_s=0.5),
        "a stage that is too short": lambda: spoilt(stages=[["key", "ok"]]),
        "a stage that is too long": lambda: spoilt(stages=[["key", "ok", "", 200, 1, 2]]),
        "a stage of unknown verdict": lambda: stage(verdict="splendid"),
        "a stage without a name": lambda: stage(name=None),
        "a stage whose status is a text": lambda: stage(status="200"),
        "a stage whose latency is a truth": lambda: stage(latency=True),
        "stages that are no list": lambda: spoilt(stages="key"),
        "learnt that is no table": lambda: spoilt(learnt=[]),
    }.items(),
    ids=lambda case: case[0],
)
def test_what_no_check_would_say_is_refused(data: tuple[str, Callable[[], dict[str, object]]]) -> None:
    with pytest.raises(REFUSED):
        check_from_json(data[1]())
