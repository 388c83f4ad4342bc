"""What becomes a link, and what the one way to the clipboard lets through."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import tomli_w
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Static

from arka_tui.check import Learnt, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.insight.offers import Offer
from arka_tui.insight.prices import load_snapshot
from arka_tui.links import name_of
from arka_tui.model import Model, Price
from arka_tui.providers.catalog import load_catalog, with_own_providers
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.tui import clipboard
from arka_tui.tui.clipboard import Public
from arka_tui.tui.guard import LinkFilter
from arka_tui.tui.screens.detail import DetailScreen
from arka_tui.tui.screens.models import ModelsScreen
from tests.conftest import NOW, PASSPHRASE
from tests.tui.conftest import Driven, drive
from tests.tui.test_snapshots import _check

Add = Callable[..., str]
KEYS_PAGE = "https://platform.openai.com/api-keys"
BILLING = "https://platform.openai.com/settings/organization/billing/overview"
EVIL = "https://evil.example/"


def painted(driven: Driven) -> str:
    """What the active screen sends to a terminal."""
    strips = driven.app.screen._compositor.render_strips()
    return "\n".join(Strip(strip).render(driven.app.console) for strip in strips)


def links_in(text: str) -> list[tuple[str, str]]:
    """(id, address) of each that begins."""
    return re.findall(r"\x1b\]8;id=([^;]*);([^\x1b]+)\x1b\\", text)


def sent(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the driver from now on."""
    written: list[str] = []
    assert driven.app._driver is not None
    monkeypatch.setattr(driven.app._driver, "write", written.append)
    return written


@pytest.fixture
def dry(controller: Controller) -> Controller:
    """One key, without credit."""
    provider, secret = load_catalog()["openai"], Secret("not-a-real-key-0000000000work")
    controller.catalog = load_catalog()
    key, _ = controller.add(Draft("openai", "work", provider.base_url, (), secret))
    moment, said = NOW - timedelta(minutes=3), f"Add credit at {BILLING} or {EVIL} ."
    args = (key.id, key.name, secret.hint, Verdict.NO_CREDITS, moment, 200, Learnt(), said, controller)
    controller._vault.record_checks([_check(*args)])
    return controller


# ---------------------------------------------------------------------- links


def test_a_page_is_a_link_where_links_are_wanted(dry: Controller) -> None:
    dry.config = Config(links=True)

    async def script(driven: Driven) -> None:
        await driven.sees("has no credit left")
        assert links_in(painted(driven)) == [(name_of(BILLING), BILLING)]
        await driven.press("d")
        await driven.sees("Removed at once")
        assert (name_of(KEYS_PAGE), KEYS_PAGE) in links_in(painted(driven))
        await driven.press("n", "a")
        await driven.sees("Get a key")
        assert (name_of(KEYS_PAGE), KEYS_PAGE) in links_in(painted(driven))

    drive(dry, script)


@pytest.mark.parametrize("links", [False, None])
def test_where_they_are_not_wanted_the_screen_is_the_same_without_them(dry: Controller, links: bool | None) -> None:
    async def script(driven: Driven) -> str:
        await driven.press("enter")
        await driven.on(DetailScreen)
        assert bool(links_in(painted(driven))) is bool(dry.config.links)
        return driven.text

    dry.config = Config(links=links)
    plain = drive(dry, script)
    dry.unlock(PASSPHRASE)
    dry.config = Config(links=True)
    assert drive(dry, script) == plain


def test_a_wrapped_address_is_one_link(dry: Controller) -> None:
    dry.config = Config(links=True)

    async def script(driven: Driven) -> None:
        await driven.press("enter")
        await driven.on(DetailScreen)
        found = links_in(painted(driven))
        assert found.count((name_of(BILLING), BILLING)) > 1
        assert {name for name, address in found if address == BILLING} == {name_of(BILLING)}

    drive(dry, script, size=(40, 30))


def test_an_address_in_a_providers_answer_is_text(dry: Controller) -> None:
    dry.config = Config(links=True)

    async def script(driven: Driven) -> None:
        await driven.press("enter")
        await driven.on(DetailScreen)
        evidence = next(line for line in painted(driven).split("\n") if "“Add credit" in line)
        assert links_in(evidence) == []
        assert not any("evil" in address for _, address in links_in(painted(driven)))

    drive(dry, script, size=(120, 60))


HOSTILE_PAGES = [
    "https://evil.example/\x1b\\\x1b]52;c;b3duZWQ=\x07",
    "https://evil.example/\x07\x1b[2J",
    "https://evil.example/ a\nb",
    "https://evil.example/\u202egnp",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://evil.example/",
    f"https://evil.example/{'a' * 400}",
]


@pytest.mark.parametrize("page", HOSTILE_PAGES, ids=range(len(HOSTILE_PAGES)))
def test_a_hostile_page_of_ones_own_providers_does_not_become_a_link(
    controller: Controller, tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"name": "Acme", "dialect": "openai", "base_url": "https://api.acme.example/v1"}
    own = tmp_path / "providers.toml"
    own.write_text(tomli_w.dumps({"acme": {**table, "console": {"keys": page, "billing": page}}}))
    controller.catalog = with_own_providers(load_catalog(), own)
    assert "acme" in controller.catalog.providers, controller.catalog.troubles
    controller.config = Config(links=True)
    secret = Secret("not-a-real-key-0000000000acme")
    key, _ = controller.add(Draft("acme", "main", table["base_url"], (), secret))
    moment, verdict = NOW - timedelta(minutes=3), Verdict.NO_CREDITS
    check = _check(key.id, key.name, secret.hint, verdict, moment, 200, Learnt(), "", controller)
    assert check.page == page
    controller._vault.record_checks([check])

    async def script(driven: Driven) -> None:
        written = sent(driven, monkeypatch)
        await driven.press("y")
        await driven.sees("No page is known for acme/main.")
        assert not any("\x1b]52" in each for each in written)
        for keys in (("enter",), ("escape", "d")):
            await driven.press(*keys)
            await driven.sees("Acme")
            shown = painted(driven)
            assert links_in(shown) == []
            assert not re.search(r"\x1b[^\[]|[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202e]", shown)

    drive(controller, script, size=(120, 60))


@pytest.mark.parametrize("link", [EVIL, "javascript:alert(1)", f"{KEYS_PAGE}\x1b\\\x1b]52;c;eA==\x07", f"{KEYS_PAGE}s"])
def test_the_last_filter_lets_no_link_through_that_is_not_a_page(link: str) -> None:
    links = LinkFilter()
    links.pages = frozenset({KEYS_PAGE})
    painted = links.apply([Segment("x", Style(bold=True, link=link))], Color(0, 0, 0))
    assert painted[0].style is not None
    assert painted[0].style.link is None
    assert painted[0].style.bold


def test_every_way_to_make_a_link_passes_the_last_filter(controller: Controller) -> None:
    controller.config = Config(links=True)

    async def script(driven: Driven) -> None:
        await driven.app.screen.mount(
            Static(Content.from_markup(f"[link='{EVIL}']one[/]")),
            Static(f"[link='{EVIL}']two[/]"),
            Static(Content.from_markup(f"[link='{KEYS_PAGE}']three[/]")),
        )
        await driven.sees("three")
        assert {address for _, address in links_in(painted(driven))} == {KEYS_PAGE}

    drive(controller, script)


# ---------------------------------------------------------------------- the clipboard


def test_y_sends_the_page_that_matters_now_and_says_what_can_be_known(
    dry: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")

    async def script(driven: Driven) -> None:
        written = sent(driven, monkeypatch)
        await driven.press("y")
        await driven.sees(f"Sent to your terminal: {BILLING} It may ignore it; tmux needs set-clipboard on.")
        assert copied(written) == [BILLING]
        await driven.press("enter")
        await driven.on(DetailScreen)
        await driven.press("y")
        assert copied(written) == [BILLING, BILLING]
        assert driven.app.clipboard == ""

    drive(dry, script)


def test_y_on_a_good_key_sends_where_keys_are_made_and_revoked(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.catalog = load_catalog()
    base_url = controller.catalog["openai"].base_url
    controller.add(Draft("openai", "work", base_url, (), Secret("not-a-real-key-0000000000work")))

    async def script(driven: Driven) -> None:
        written = sent(driven, monkeypatch)
        await driven.press("y")
        await driven.sees(f"Sent to your terminal: {KEYS_PAGE} It may ignore it.")
        assert copied(written) == [KEYS_PAGE]

    drive(controller, script)


def test_y_on_a_model_sends_its_name_at_the_key_that_would_run_it(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["vendor/plain-model-7b", "sk-proj-" + "a1" * 40])
    offers = [Offer("k", "openai/work", "openai", "OpenAI", True, Model(name, "", 1, 1, Price())) for name in names]
    monkeypatch.setattr(type(controller.insight), "offers", lambda self: offers)

    async def script(driven: Driven) -> None:
        written = sent(driven, monkeypatch)
        await driven.press("m")
        await driven.on(ModelsScreen)
        await driven.until(lambda: driven.app.screen._models.lines)  # type: ignore[attr-defined]
        await driven.press("home", "y")
        await driven.sees("Sent to your terminal: vendor/plain-model-7b It may ignore it.")
        await driven.press("end", "y")
        await driven.sees("Not sent: that name may hold a key.")
        assert copied(written) == ["vendor/plain-model-7b"]

    drive(controller, script)


def copied(written: list[str]) -> list[str]:
    found = re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", "".join(written))
    return [b64decode(each).decode() for each in found]


def test_no_key_that_is_stored_or_looks_like_one_is_public(
    controller: Controller, add: Add, simulator: Simulator
) -> None:
    keys = [add(f"{name}/work") for name in ("openai", "openrouter")]
    unshaped = "zq81-" + "nothing-knows-this-shape"
    controller.add(Draft("openai", "odd", "https://odd.example/v1", (), Secret(unshaped)))
    odd = controller.get("openai/odd")
    mark = controller._vault.fingerprint(Secret(unshaped))
    at, verdict = NOW - timedelta(minutes=3), Verdict.OK
    check = _check(odd.id, odd.name, odd.hint, verdict, at, 1, Learnt(), "", controller)
    controller._vault.record_checks([replace(check, fingerprint=mark)])
    for key in [*keys, unshaped]:
        for dressed in (key, f" {key} ", f"models/{key}", f"{key}:free", f"{key[:10]}\u200b{key[10:]}"):
            public = clipboard.model_name(dressed, controller)
            if key in keys or dressed.strip() == key or "\u200b" in dressed:
                assert public is None, dressed.replace(key, "KEY")
        assert clipboard.page(key, controller) is None
        assert clipboard.page(f"https://evil.example/{key}", controller) is None
    assert clipboard.page(f"{KEYS_PAGE}?k=1", controller) is None


def test_what_is_public_cannot_be_made_in_another_way() -> None:
    with pytest.raises(TypeError):
        Public("anything", object())
    assert set(Public.__slots__) == {"text", "_by"}


def test_every_known_models_name_can_be_sent(controller: Controller) -> None:
    names = {name for models in load_snapshot().models.values() for name in models}
    assert len(names) > 500
    assert [name for name in sorted(names) if clipboard.model_name(name, controller) is None] == []


def test_a_name_is_one_short_line_before_it_is_sent(controller: Controller) -> None:
    hostile = "\x1b]52;c;eA==\x07 a\r\nb\u202e " + "long " * 30
    public = clipboard.model_name(hostile, controller)
    assert public is not None
    assert len(public.text) <= clipboard.LONGEST
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", public.text)
    assert re.fullmatch(r"\x1b\]52;c;[A-Za-z0-9+/=]+\x07", public.sequence)


def test_what_a_terminal_does_with_it_is_not_claimed() -> None:
    public = Public(KEYS_PAGE, clipboard._ASKED)
    assert "tmux needs set-clipboard on" in clipboard.told(public, {"TERM": "tmux-256color"})
    assert "tmux" not in clipboard.told(public, {"TERM": "xterm-kitty"})
    assert (
        clipboard.told(public, {"TERM": "linux"}) == f"Sent to your terminal: {KEYS_PAGE} The Linux console ignores it."
    )


def test_the_private_parts_that_links_and_clipboard_need_are_there_in_textual_and_rich() -> None:
    assert "_link_id" in Style.__slots__
    assert hasattr(App(), "_driver")


def test_a_name_that_would_be_cut_is_not_sent(controller: Controller) -> None:
    assert clipboard.model_name("m" * clipboard.LONGEST, controller)
    assert clipboard.model_name("m" * (clipboard.LONGEST + 1), controller) is None
