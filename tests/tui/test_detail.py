"""The details of a key: what is told of it, in which order, and how old it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.controller import Controller
from arka_tui.credential import Credential, Draft
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.telling import words
from arka_tui.telling.key_sections import Section, kept_section, learnt_sections, unasked
from arka_tui.tui.screens import detail
from arka_tui.tui.screens.detail import DetailScreen
from tests.conftest import NOW
from tests.tui.conftest import Driven, drive

CATALOG = load_catalog()
LIMITS = Learnt(
    models=338,
    limit=Decimal(20),
    remaining=Decimal("1.20"),
    reset="monthly",
    usage=Decimal("31.85"),
    usage_daily=Decimal(0),
    expires_at=NOW + timedelta(days=5),
    free_tier=False,
)

Keep = Callable[..., Credential]


@pytest.fixture
def keep(controller: Controller) -> Keep:
    """Stores a key and the tests of it: days ago, verdict, what was learnt."""

    def keep(
        name: str = "openrouter/main",
        *tests: tuple[float, Verdict, Learnt],
        fingerprint: str = "",
        evidence: str = "",
    ) -> Credential:
        provider, label = name.split("/")
        secret = Secret(f"not-a-real-key-0123456789-{label}")
        address = controller.catalog[provider].base_url
        kept, _ = controller._vault.add(Draft(provider, label, address, (), secret))
        controller._vault.record_checks(
            [
                Check(
                    *(kept.id, name, kept.hint, NOW - timedelta(days=days), verdict),
                    (Stage("key", verdict, "GET /key", 200, 300),),
                    learnt,
                    evidence,
                    verdict.meaning.next_step,
                    CATALOG[provider].console.get(verdict.meaning.page, ""),
                    fingerprint=fingerprint,
                )
                for days, verdict, learnt in tests
            ]
        )
        return kept

    return keep


def sections(controller: Controller, key: Credential) -> dict[str, list[tuple[str, dict[str, str]]]]:
    found = learnt_sections(controller, key, controller.insight.checks_of(key))
    return {each.title: [(when, dict(pairs)) for when, pairs in each.blocks] for each in found}


def rows(section: Section) -> dict[str, str]:
    return {name: value for _, pairs in section.blocks for name, value in pairs}


# ---------------------------------------------------------------------- what is told


def test_what_the_last_test_learnt_is_told_without_a_date_and_nothing_that_it_did_not(
    controller: Controller, keep: Keep
) -> None:
    key = keep("openrouter/main", (0, Verdict.OK, LIMITS))

    assert sections(controller, key) == {
        "Money and limits": [
            (
                "",
                {
                    "models reached": "338",
                    "limit": "$20.00",
                    "remaining": "$1.20",
                    "resets": "monthly",
                    "used in all": "$31.85",
                    "used today": "$0",
                    "expires": f"{NOW + timedelta(days=5):%Y-%m-%d %H:%M} UTC (5 d)",
                    "free tier": "no",
                },
            )
        ]
    }


def test_what_only_an_earlier_test_said_is_told_as_of_then(controller: Controller, keep: Keep) -> None:
    before = replace(LIMITS, organization="Engines", models=None)
    key = keep("openrouter/main", (4, Verdict.OK, before), (0, Verdict.PROVIDER_DOWN, Learnt(models=7)))

    told = sections(controller, key)

    when = f"as of {NOW - timedelta(days=4):%Y-%m-%d}, 4 d ago"
    assert told["Identity"] == [(when, {"organization": "Engines"})]
    assert [block[0] for block in told["Money and limits"]] == ["", when]
    assert told["Money and limits"][0][1] == {"models reached": "7"}
    assert told["Money and limits"][1][1]["remaining"] == "$1.20"


def test_keys_of_the_same_account_and_secret_are_named(controller: Controller, keep: Keep) -> None:
    mine = (0, Verdict.OK, Learnt(account="ada"))
    key = keep("openrouter/main", mine, fingerprint="f")
    keep("openrouter/bot", mine, fingerprint="g")
    keep("openai/spare", (0, Verdict.OK, Learnt()), fingerprint="f")

    assert sections(controller, key)["Identity"] == [
        ("", {"account": "ada", "same account": "openrouter/bot", "same secret": "openai/spare"}),
    ]


def test_of_many_names_the_first_are_told() -> None:
    assert words.named([]) == ""
    assert words.named("abcd") == "a, b, c, d"
    assert words.named("abcdef") == "a, b, c, d and 2 more"


def test_a_key_without_a_test_has_no_section_of_what_was_learnt(controller: Controller, keep: Keep) -> None:
    assert sections(controller, keep("openai/new")) == {}


@pytest.mark.parametrize(
    ("learnt", "told"),
    [
        (Learnt(requests_remaining="4990", requests_limit="5000", requests_reset="1s"), "4,990 of 5,000"),
        (Learnt(requests_remaining="4", requests_reset="6m0s"), "4 left, full again in 3 min"),
        (Learnt(requests_remaining="4", requests_reset="2026-11-23T19:00:00Z"), "4 left, full again in 9 h"),
        (Learnt(requests_remaining="4", requests_reset="soon"), "4 left, resets: soon"),
        (Learnt(requests_remaining="many", requests_limit="9" * 5000), f"many of {'9' * 5000}"),
        (Learnt(requests_remaining="499"), "499 left"),
        (Learnt(requests_limit="500"), "at most 500"),
        (Learnt(requests_reset="1s"), None),
    ],
)
def test_a_rate_limit_is_told_as_far_as_it_is_known(learnt: Learnt, told: str | None) -> None:
    """It was told three minutes ago."""
    assert dict(words.amounts(learnt, NOW - timedelta(minutes=3), NOW)).get("requests") == told


def test_every_amount_is_in_the_accounts_currency() -> None:
    one = Decimal(1)
    learnt = Learnt(
        balance=one, limit=one, remaining=one, usage=one, usage_daily=one, usage_monthly=one, currency="cny"
    )

    assert {value for _, value in words.amounts(learnt, NOW, NOW)} == {"CNY 1.00"}


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "1e999"])
def test_an_amount_that_is_none_is_left_out(nonsense: str) -> None:
    learnt = Learnt(balance=Decimal(nonsense), limit=Decimal(nonsense), remaining=Decimal(nonsense))

    assert words.amounts(learnt, NOW, NOW) == []
    assert words.left(learnt, NOW) == words.NOTHING


@pytest.mark.parametrize(
    ("learnt", "told"),
    [
        (Learnt(remaining=Decimal(3), balance=Decimal(9)), "$3.00 left"),
        (Learnt(balance=Decimal(9)), "$9.00 left"),
        (Learnt(balance=Decimal(0)), "$0 left"),
        (Learnt(balance=Decimal(9), currency="CNY"), "CNY 9.00 left"),
        (Learnt(balance=Decimal(1110), currency="CNY"), "CNY 1,110.00"),
        (Learnt(balance=Decimal(9), expires_at=NOW + timedelta(days=2)), "2 d to go"),
        (Learnt(), words.NOTHING),
    ],
)
def test_what_is_left_fits_its_column(learnt: Learnt, told: str) -> None:
    assert words.left(learnt, NOW) == told
    assert len(told) <= 13


# ---------------------------------------------------------------------- where it goes


def test_the_second_address_is_told_where_the_key_goes_there(controller: Controller, keep: Keep) -> None:
    hub = controller.catalog["huggingface"]
    key = keep("huggingface/hub")

    assert rows(kept_section(key, hub))["account at"] == hub.account_url
    assert "account at" not in rows(kept_section(replace(key, base_url="https://mine.example"), hub))
    assert "account at" not in rows(kept_section(keep("openai/work"), CATALOG["openai"]))


def test_a_provider_of_ones_own_is_told_as_such(controller: Controller, keep: Keep) -> None:
    key = keep("openai/work")

    assert "" not in rows(kept_section(key, CATALOG["openai"]))
    assert "your own providers.toml" in rows(kept_section(key, replace(CATALOG["openai"], own=True)))[""]
    assert rows(kept_section(key, None))["provider"] == "openai, not in the catalog"


def test_of_a_provider_whose_paid_request_costs_much_it_is_told_that_it_is_not_sent() -> None:
    told = {provider.id: unasked(provider) for provider in CATALOG.providers.values()}

    assert told["perplexity"].startswith("the paid request is never sent by itself: it costs up to $0.0")
    assert told["openai"] == ""
    assert unasked(replace(CATALOG["openai"], paid_probes=())) == ""


# ---------------------------------------------------------------------- on the screen


def shown(controller: Controller, size: tuple[int, int], *keys: str) -> str:
    """What the details of the first key show, as laid out."""

    async def script(driven: Driven) -> str:
        await driven.press("enter")
        await driven.on(DetailScreen)
        await driven.press(*keys)
        await driven.pilot.pause()
        return driven.text

    return drive(controller, script, size=size)


def in_order(text: str, parts: Sequence[str]) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_a_reader_finds_the_verdict_first_then_what_to_beware_of_and_do_then_the_rest(
    controller: Controller, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "speaks_utf8", lambda: True)
    clock = replace(LIMITS, clock_skew_s=420)
    keep("openrouter/main", (1, Verdict.OK, LIMITS), (0, Verdict.RATE_LIMITED, clock), evidence="slow \x1b[2Jdown")

    text = shown(controller, (100, 80))

    assert in_order(
        text,
        [
            *("openrouter/main", "! rate limited · tested just now", "OpenRouter asks to slow down", "“slow ␛[2Jdown”"),
            *("▲ Only $1.20 left of its $20.00 limit.", "▲ Expires in 5 days", "▲ This machine's clock is 7 min ahead"),
            *("→ Wait, then test again.", "Money and limits", "History", "✓!", "▇▇", "median"),
            *("Last test", "! free request", "Where it is sent", "sent only to", "Console pages"),
            *("What we know of OpenRouter", "2026-11-23)"),
        ],
    )
    assert text.count("7 min ahead") == 1
    assert "Identity" not in text


def test_the_history_is_drawn_for_a_terminal_without_such_characters(
    controller: Controller, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "speaks_utf8", lambda: False)
    keep("openrouter/main", *((days, Verdict.OK, Learnt()) for days in (3, 2, 1)), (0, Verdict.INVALID_KEY, Learnt()))

    text = shown(controller, (100, 60))

    assert "ended    +++x" in text
    assert "latency  ####" in text


def test_a_small_terminal_shows_what_matters_without_scrolling(controller: Controller, keep: Keep) -> None:
    keep("openrouter/main", (0, Verdict.RATE_LIMITED, LIMITS))

    text = shown(controller, (40, 12))

    assert in_order(text, ["! rate limited", "▲ Only $1.20 left", "▲ Expires in 5 days", "→ Wait, then test again."])


def test_a_key_that_was_never_tested_says_so_once_and_what_to_press(controller: Controller, keep: Keep) -> None:
    keep("openai/new")

    text = shown(controller, (80, 40))

    assert in_order(text, ["? never tested", "→ Press t", "Where it is sent"])
    assert text.count("never tested") == 1 + text.count("was never tested")  # the list's own line, behind
    assert "History" not in text
    assert "Last test" not in text


def test_a_server_of_ones_own_has_no_pages_of_the_provider(controller: Controller) -> None:
    controller.add(Draft("openai", "home", "https://ai.example/v1", (), Secret("not-a-real-key-0123456789-home")))

    text = shown(controller, (100, 60))

    assert "sent only to" in text
    assert "Console pages" not in text
    assert "platform.openai.com" not in text


def test_one_test_is_no_history(controller: Controller, keep: Keep) -> None:
    keep("openrouter/main", (0, Verdict.OK, Learnt()))

    text = shown(controller, (100, 60))

    assert "Last test" in text
    assert "History" not in text
