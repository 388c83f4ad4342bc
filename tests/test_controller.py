"""What the program can do, against a real vault and the simulator."""

import asyncio
import fcntl
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import FrameType

import pytest

from arka_tui import config as settings
from arka_tui.check import Check, Stage, Verdict
from arka_tui.config import Config
from arka_tui.controller import CHECKS_AT_ONCE, Controller, FieldError
from arka_tui.credential import Credential, Draft
from arka_tui.errors import Conflict, CredentialNotFound, UsageError, VaultLocked
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.simulator.situations import Manner, Reply
from arka_tui.store import disk
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, open_vault

CATALOG = load_catalog()
KEY = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"


class Gate(Simulator):
    """Keeps its answers to slow keys back until `let_go`, or until it is closed."""

    def __init__(self) -> None:
        super().__init__(slow_s=0)
        self._opened = threading.Event()

    def let_go(self) -> None:
        self._opened.set()

    def close(self) -> None:
        self._opened.set()
        super().close()

    def _reply_to(self, method: str, path: str, sent_headers: Mapping[str, str], body: object) -> Reply:
        reply = super()._reply_to(method, path, sent_headers, body)
        if reply.manner is Manner.SLOW:
            self._opened.wait()
        return reply


@pytest.fixture
def simulator() -> Iterator[Gate]:
    with Gate() as simulator:
        yield simulator


@pytest.fixture
def make(paths: Paths, simulator: Gate) -> Callable[..., Controller]:
    """Another session on the same vault each time; locked, if there is a vault."""

    def make(config: Config | None = None, *, demo: bool = False) -> Controller:
        catalog = CATALOG.with_base_urls(simulator.addresses)
        return Controller(paths, open_vault(paths), catalog, config or Config(), demo=demo, clock=lambda: NOW)

    return make


@pytest.fixture
def controller(make: Callable[..., Controller]) -> Controller:
    """On a new vault, unlocked."""
    controller = make()
    controller.create(PASSPHRASE, RECOVERY_CODE)
    return controller


@pytest.fixture
def add(controller: Controller, simulator: Gate) -> Callable[..., Credential]:
    """A credential whose key is in a situation of the simulator, or is one that nobody issued."""

    def add(name: str, situation: str = "valid") -> Credential:
        provider, label = name.split("/")
        key = simulator.issue(provider, "valid" if situation == "revoked" else situation, label)
        if situation == "revoked":
            simulator.revoke(key)
        base_url = controller.catalog[provider].base_url
        return controller.add(Draft(provider, label, base_url, (), Secret(key)))[0]

    return add


@asynccontextmanager
async def working(controller: Controller) -> AsyncIterator[Controller]:
    try:
        yield controller
    finally:
        await controller.close()


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("arka_tui.controller.CHECKS_AT_ONCE", 3)
    return 3


async def until(condition: Callable[[], bool], deadline_s: float = 10) -> None:
    """Gives the others their turn until it is so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deadline_s
    while not condition():
        assert loop.time() < deadline, "it never came to that"
        await asyncio.sleep(0.001)


def check_all(controller: Controller, names: list[str]) -> list[Check]:
    async def script() -> list[Check]:
        async with working(controller):
            return [check async for check in controller.check(names)]

    return asyncio.run(script())


def verdicts(checks: list[Check] | tuple[Check, ...]) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in checks}


# ---------------------------------------------------------------------- what was typed


def typed(
    controller: Controller,
    provider: str = "openai",
    label: str = "work",
    base_url: str = "",
    secret: str | None = KEY,
    editing: Credential | None = None,
    **values: str,
) -> Draft | list[FieldError]:
    hidden = None if secret is None else Secret(secret)
    return controller.draft(provider, label, base_url, values, hidden, editing=editing)


def complaints(draft: Draft | list[FieldError]) -> dict[str, str]:
    assert isinstance(draft, list)
    return {error.field: error.message for error in draft}


def test_what_was_typed_well_becomes_a_draft_in_its_tidy_form(controller: Controller) -> None:
    draft = typed(controller, label=" Work ", base_url="HTTPS://Api.OpenAI.com:443/v1/", project=" proj_x ", other="x")
    assert isinstance(draft, Draft)
    assert (draft.name, draft.base_url) == ("openai/Work", "https://api.openai.com/v1")
    assert draft.settings == (("project", "proj_x"),)
    assert draft.secret is not None
    assert draft.secret.reveal() == KEY


def test_without_an_address_it_is_the_providers(controller: Controller) -> None:
    draft = typed(controller, provider="openrouter", base_url="  ")
    assert isinstance(draft, Draft)
    assert draft.base_url == controller.catalog["openrouter"].base_url


def test_all_that_is_wrong_is_said_at_once_each_with_its_field(controller: Controller) -> None:
    wrong = typed(controller, label="my work", base_url="http://api.openai.com", secret="short", project="a b")
    assert complaints(wrong) == {
        "label": "a label has no spaces",
        "base_url": "http:// would send the key in clear",
        "project": "Project has characters that no identifier has",
        "secret": "a key has at least 8 characters",
    }


MISTAKES: list[tuple[dict[str, str | None], str, str]] = [
    ({"label": ""}, "label", "the label is empty"),
    ({"label": "  "}, "label", "the label is empty"),
    ({"label": "a/b"}, "label", "a label has no slash"),
    ({"label": "x" * 41}, "label", "the label is longer than 40 characters"),
    ({"label": "a\u202eb"}, "label", "the label has control or invisible characters"),
    ({"label": KEY}, "label", "this looks like a key"),
    ({"project": KEY}, "project", "this looks like a key"),
    ({"organization": "x" * 201}, "organization", "Organization is longer than 200 characters"),
    ({"base_url": "https://user:pw@api.openai.com"}, "base_url", "the address holds a user name or password"),
    ({"base_url": "https://169.254.169.254"}, "base_url", "no provider is at this address"),
    ({"base_url": "not an address"}, "base_url", "the address has spaces or control characters"),
    ({"secret": None}, "secret", "there is no key yet"),
    ({"secret": ""}, "secret", "a key has at least 8 characters"),
    ({"secret": "x" * 4097}, "secret", "a key has at most 4,096 characters"),
    ({"secret": KEY + "\n"}, "secret", "a key has only printable ASCII characters and no spaces"),
]


def test_a_mistake_is_told_at_its_field(controller: Controller) -> None:
    for wrong, field, message in MISTAKES:
        draft = typed(controller, **wrong)  # type: ignore[arg-type]  # of each parameter's type
        assert complaints(draft) == {field: message}
        assert KEY not in repr(draft)


def test_an_unknown_provider_is_refused(controller: Controller) -> None:
    with pytest.raises(UsageError, match="no provider named 'acme'"):
        typed(controller, provider="acme")


@pytest.mark.parametrize("label", ["work", "WORK", "Work "])
def test_a_name_that_is_taken_is_refused_whatever_its_case(
    controller: Controller, add: Callable[..., Credential], label: str
) -> None:
    add("openai/work")
    assert complaints(typed(controller, label=label))["label"].startswith("there is a key named 'openai/")
    assert isinstance(typed(controller, provider="openrouter", label=label), Draft)


def test_an_edited_key_may_keep_its_name_or_change_its_case_but_not_take_anothers(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    work = add("openai/work")
    add("openai/other")
    for label in ("work", "Work", "new"):
        assert isinstance(typed(controller, label=label, base_url=work.base_url, secret=None, editing=work), Draft)
    taken = typed(controller, label="other", base_url=work.base_url, secret=None, editing=work)
    assert complaints(taken) == {"label": "there is a key named 'openai/other' already"}


def test_a_stored_key_is_asked_for_again_when_it_would_go_elsewhere_beside_all_other_mistakes(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    work = add("openai/work")
    bound = {"secret": "the stored key is bound to its provider and address"}
    elsewhere = "https://own.example/v1"
    assert complaints(typed(controller, base_url=elsewhere, secret=None, editing=work)) == bound
    assert complaints(typed(controller, provider="openrouter", secret=None, editing=work)) == bound
    both = complaints(typed(controller, label="", base_url=elsewhere, secret=None, editing=work))
    assert both == {**bound, "label": "the label is empty"}
    assert isinstance(typed(controller, base_url=elsewhere, editing=work), Draft), "with its key it may"
    other_path = f"{work.origin}/other"
    assert isinstance(typed(controller, base_url=other_path, secret=None, editing=work), Draft)


def test_the_suggested_label_is_the_first_that_is_free(controller: Controller, add: Callable[..., Credential]) -> None:
    assert controller.suggested_label("openai") == "main"
    add("openai/Main")
    add("openrouter/other")
    assert controller.suggested_label("openai") == "main-2"
    assert controller.suggested_label("openrouter") == "main"
    add("openai/main-3")
    assert controller.suggested_label("openai") == "main-2"
    add("openai/main-2")
    assert controller.suggested_label("openai") == "main-4"


def test_whose_key_it_looks_like_is_told_without_sending_it(controller: Controller, simulator: Gate) -> None:
    owner = controller.owner(Secret(simulator.issue("openrouter", "valid")))
    assert owner is not None
    assert owner.provider_id == "openrouter"
    plain = controller.owner(Secret("sk-0123456789abcdef0123456789abcdef"))
    assert plain is not None
    assert (plain.provider_id, plain.sure) == ("deepseek", False), "a shape that others may use too is a hint only"
    assert controller.owner(Secret("typed-by-hand")) is None
    assert simulator.requests == []


# ---------------------------------------------------------------------- checking many


def test_every_key_gets_its_own_verdict(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/good")
    add("openai/poor", "no_credit")
    add("openai/gone", "revoked")
    add("openrouter/good")
    add("openrouter/spent", "key_limit")
    assert verdicts(check_all(controller, [each.name for each in controller.credentials()])) == {
        "openai/good": Verdict.OK,
        "openai/poor": Verdict.NO_CREDITS,
        "openai/gone": Verdict.INVALID_KEY,
        "openrouter/good": Verdict.OK,
        "openrouter/spent": Verdict.KEY_LIMIT_REACHED,
    }


def test_no_more_than_twenty_keys_are_under_test_at_once(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    names = [add(f"openai/k{n}", "slow").name for n in range(CHECKS_AT_ONCE + 3)]
    controller.change_setting(paid_test=False)
    started: list[str] = []

    async def script() -> int:
        async with working(controller), aclosing(controller.check(names, started.append)) as checks:
            first = asyncio.create_task(anext(checks))
            await until(lambda: len(simulator.requests) >= CHECKS_AT_ONCE)
            before_any_answer = len(started)
            simulator.let_go()
            await first
            async for _ in checks:
                pass
            return before_any_answer

    assert asyncio.run(script()) == CHECKS_AT_ONCE
    assert sorted(started) == sorted(names)
    assert len(controller.history.checks) == len(names)


def test_a_slow_provider_does_not_hold_the_others(controller: Controller, add: Callable[..., Credential]) -> None:
    names = [add("openai/slow", "slow").name]
    names += [add(f"{provider}/k{n}").name for provider in ("openai", "openrouter") for n in range(3)]

    async def script() -> set[str]:
        async with working(controller), aclosing(controller.check(names)) as checks:
            return {(await anext(checks)).name for _ in names[1:]}

    assert asyncio.run(script()) == set(names[1:])


def test_stopping_ends_what_is_under_way_and_keeps_what_was_done(
    controller: Controller, simulator: Gate, add: Callable[..., Credential], few_at_once: int
) -> None:
    names = [add(f"openai/slow{n}", "slow").name for n in range(few_at_once - 1)]
    names += [add("openai/quick").name, add("openai/never").name]
    simulator.revoke(simulator.issue("openai", "valid", "never"))

    async def script() -> list[str]:
        seen: list[str] = []
        async with working(controller), aclosing(controller.check(names)) as checks:
            async for check in checks:
                seen.append(check.name)
                if len(seen) == 2:
                    break
        return seen

    assert asyncio.run(script()) == ["openai/quick", "openai/never"]
    assert [check.name for check in controller.history.checks] == ["openai/quick", "openai/never"]


def test_no_two_checks_start_in_the_same_moment(
    controller: Controller, add: Callable[..., Credential], monkeypatch: pytest.MonkeyPatch
) -> None:
    apart_s = 0.2
    monkeypatch.setattr("arka_tui.controller.START_APART_S", apart_s)
    names = [add(f"openai/k{n}").name for n in range(3)]
    started: list[float] = []

    async def script() -> None:
        async with working(controller):
            clock = asyncio.get_running_loop().time
            async for _ in controller.check(names, lambda _: started.append(clock())):
                pass

    asyncio.run(script())
    since_the_first = [moment - started[0] for moment in started]
    assert len(since_the_first) == 3
    assert all(passed >= 0.9 * turn * apart_s for turn, passed in enumerate(since_the_first)), since_the_first


def test_what_was_done_but_not_yet_looked_at_is_kept_too(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    names = [add(f"openai/k{n}").name for n in range(6)]

    async def script() -> None:
        async with working(controller), aclosing(controller.check(names)) as checks:
            await anext(checks)
            await until(lambda: len(asyncio.all_tasks()) == 1)

    asyncio.run(script())
    assert sorted(check.name for check in controller.history.checks) == names


def test_a_task_that_is_cancelled_while_it_waits_for_a_verdict_leaves_what_was_done(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    names = [add("openai/slow", "slow").name, add("openai/quick").name]
    seen: list[str] = []

    async def look() -> None:
        async with aclosing(controller.check(names)) as checks:
            async for check in checks:
                seen.append(check.name)

    async def script() -> None:
        async with working(controller):
            looking = asyncio.create_task(look())
            await until(lambda: bool(seen))
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
            await until(lambda: len(asyncio.all_tasks()) == 1)

    asyncio.run(script())
    assert verdicts(controller.history.checks) == {"openai/quick": Verdict.OK}


def test_checks_are_written_in_batches_and_none_is_written_twice(
    controller: Controller,
    make: Callable[..., Controller],
    paths: Paths,
    simulator: Gate,
    add: Callable[..., Credential],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("arka_tui.controller.JOURNAL_EVERY", 4)
    slow = add("openai/slow", "slow").name
    names = [slow, *(add(f"openai/k{n}").name for n in range(6))]
    controller.change_setting(paid_test=False)

    def lines() -> int:
        return (paths.data / "journal").read_bytes().count(b"\n")

    async def script() -> int:
        async with working(controller), aclosing(controller.check(names)) as checks:
            for _ in names[1:]:
                await anext(checks)
            before_the_end = lines()
            simulator.let_go()
            await anext(checks)
        return before_the_end

    assert asyncio.run(script()) == 1
    assert lines() == 2
    other = make()
    other.unlock(PASSPHRASE)
    assert sorted(check.name for check in other.history.checks) == sorted(names)
    assert other.history.unreadable == 0


def test_a_credential_that_is_gone_is_passed_over(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/here")
    controller.remove([add("openai/gone")])
    checks = check_all(controller, ["openai/gone", "openai/here", "openai/never-was"])
    assert verdicts(checks) == {"openai/here": Verdict.OK}


def test_a_credential_of_a_provider_that_this_arka_does_not_know_is_passed_over(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    add("openai/here")
    controller.add(Draft("acme", "x", "https://acme.example/v1", (), Secret(KEY)))
    assert controller.provider("acme") is None
    assert verdicts(check_all(controller, ["acme/x", "openai/here"])) == {"openai/here": Verdict.OK}


def test_a_credential_that_is_deleted_during_its_test_leaves_no_trace_in_the_log(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    doomed, done = add("openai/doomed", "slow"), add("openai/done")

    async def script() -> list[str]:
        seen: list[str] = []
        async with working(controller), aclosing(controller.check([doomed.name, done.name])) as checks:
            async for check in checks:
                seen.append(check.name)
                controller.remove([doomed, done])
                simulator.let_go()
        return seen

    assert asyncio.run(script()) == ["openai/done"]
    assert controller.history.checks == ()


def test_a_key_that_is_replaced_during_its_test_is_not_told_the_verdict_of_the_old_one(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    old = add("openai/work", "slow")

    async def script() -> list[Check]:
        async with working(controller):
            checks = controller.check([old.name])
            first = asyncio.create_task(anext(checks, None))
            await until(lambda: bool(simulator.requests))
            controller.update(old, Draft("openai", "work", old.base_url, (), Secret(KEY)))
            simulator.let_go()
            return [check for check in [await first] if check]

    assert asyncio.run(script()) == []
    assert controller.last_checks() == {}


def test_an_address_where_nothing_listens_is_a_verdict_and_no_exception(controller: Controller) -> None:
    controller.add(Draft("openai", "home", unreachable_url(), (), Secret(KEY)))
    assert verdicts(check_all(controller, ["openai/home"])) == {"openai/home": Verdict.UNREACHABLE}


# ---------------------------------------------------------------------- the lock


def test_a_lock_during_the_checks_ends_them_between_two_requests(
    controller: Controller, simulator: Gate, add: Callable[..., Credential], few_at_once: int
) -> None:
    names = [add(f"openrouter/k{n}", "slow").name for n in range(few_at_once + 5)]

    async def script() -> list[Check]:
        async with working(controller):
            checks = controller.check(names)
            first = asyncio.create_task(anext(checks, None))
            await until(lambda: len(simulator.requests) >= few_at_once)
            controller.lock()
            simulator.let_go()
            return [check for check in [await first] if check]

    assert asyncio.run(script()) == []
    assert {request.path for request in simulator.requests} == {"/openrouter/api/v1/key"}
    assert len(simulator.requests) == few_at_once


def test_checks_that_were_done_before_the_lock_are_in_the_log_after_it(
    controller: Controller, make: Callable[..., Controller], add: Callable[..., Credential]
) -> None:
    names = [add("openai/quick").name, add("openai/slow", "slow").name]

    async def script() -> None:
        async with working(controller), aclosing(controller.check(names)) as checks:
            await anext(checks)
            controller.lock()

    asyncio.run(script())
    assert controller.history.checks == ()
    controller.unlock(PASSPHRASE)
    other = make()
    other.unlock(PASSPHRASE)
    for session in (controller, other):
        assert verdicts(session.history.checks) == {"openai/quick": Verdict.OK}


@contextmanager
def another_session_saving(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until the block ends, which is long before anybody's patience does."""
    monkeypatch.setattr(disk, "LOCK_PATIENCE_S", 60.0)
    with paths.vault.with_name("store.lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keepers(key: bytes) -> list[object]:
    """What still leads to the key, but for the test itself."""
    return [each for each in gc.get_referrers(key) if not isinstance(each, FrameType)]


def test_a_lock_drops_the_keys_at_once_while_another_session_saves_and_what_was_done_is_written_after_it(
    controller: Controller,
    make: Callable[..., Controller],
    add: Callable[..., Credential],
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [add("openai/quick").name, add("openai/slow", "slow").name]
    locked_while_held: list[bool] = []

    async def script() -> None:
        async with working(controller):
            with another_session_saving(paths, monkeypatch):
                async with aclosing(controller.check(names)) as checks:
                    await anext(checks)
                    controller.lock()
                    locked_while_held.append(not controller.unlocked)

    asyncio.run(script())
    assert locked_while_held == [True]
    assert controller.log_trouble() == ""
    controller.unlock(PASSPHRASE)
    assert verdicts(controller.history.checks) == {"openai/quick": Verdict.OK}


def test_what_is_written_only_after_the_next_unlocking_is_seen_by_the_next_look(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    check = check_all(controller, [add("openai/work").name])[0]
    line = controller._vault.seal_checks([check])
    controller.lock()
    controller.unlock(PASSPHRASE)
    assert controller._vault.write_sealed(line) == ""
    assert [each.at for each in controller.history.checks] == [check.at]
    assert controller.refresh()
    assert controller.history.checks == (check, check)


def test_no_thread_that_waits_for_another_session_keeps_a_key_after_the_lock(
    controller: Controller, add: Callable[..., Credential], paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = check_all(controller, [add("openai/work").name])[0]
    key = controller._vault._open_state().master_key
    assert keepers(key)
    with another_session_saving(paths, monkeypatch):
        recording = threading.Thread(target=controller.record, args=(check,))
        recording.start()
        while len(controller.history.checks) < 2:
            assert recording.is_alive()
        controller.lock()
        deadline = time.monotonic() + 10
        while keepers(key) and time.monotonic() < deadline:
            pass  # the thread may be about to let go of it
        assert keepers(key) == []
        assert recording.is_alive()
    recording.join()
    controller.unlock(PASSPHRASE)
    assert controller.history.checks == (check, check)


def test_the_screen_goes_on_while_the_log_waits_for_another_session(
    controller: Controller, add: Callable[..., Credential], paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = add("openai/work").name

    async def script() -> None:
        async with working(controller):
            with another_session_saving(paths, monkeypatch):
                checks = controller.check([name])
                await anext(checks)
                ending = asyncio.ensure_future(checks.aclose())
                await until(lambda: bool(controller.history.checks))
                assert not ending.done()
            await ending

    asyncio.run(script())
    assert controller.log_trouble() == ""


def test_results_survive_a_lock_and_a_new_session(
    controller: Controller, make: Callable[..., Controller], add: Callable[..., Credential]
) -> None:
    work, bot = add("openai/work"), add("openrouter/bot", "capped")
    checks = check_all(controller, [work.name, bot.name])
    controller.lock()
    controller.unlock(PASSPHRASE)
    other = make()
    other.unlock(PASSPHRASE)
    for session in (controller, other):
        assert session.last_checks() == {check.credential_id: check for check in checks}
        left = session.last_checks()[bot.id].learnt.remaining
        assert left == Decimal("12.4")


def test_the_last_check_of_a_key_is_the_one_that_counts(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    work = add("openai/work")
    check_all(controller, [work.name])
    simulator.change(simulator.issue("openai", "valid", "work"), "no_credit")
    check_all(controller, [work.name])
    assert [check.verdict for check in controller.history.checks] == [Verdict.OK, Verdict.NO_CREDITS]
    assert controller.last_checks()[work.id].verdict is Verdict.NO_CREDITS


def test_the_last_check_of_a_key_that_was_replaced_since_is_none(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    work = add("openai/work")
    check_all(controller, [work.name])
    controller.update(work, Draft("openai", "work", work.base_url, (), Secret(KEY)))
    assert controller.last_checks() == {}


def test_a_check_of_a_locked_vault_yields_nothing_and_sends_nothing(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    name = add("openai/work").name
    controller.lock()
    assert check_all(controller, [name]) == []
    assert simulator.requests == []


def test_no_secret_is_opened_for_a_key_that_waits_for_its_turn(
    controller: Controller,
    simulator: Gate,
    add: Callable[..., Credential],
    few_at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [add(f"openai/k{n}", "slow").name for n in range(few_at_once + 2)]
    opened: list[str] = []
    really = controller._vault.secret

    def watched(name: str) -> Secret:
        opened.append(name)
        return really(name)

    monkeypatch.setattr(controller._vault, "secret", watched)

    async def script() -> None:
        async with working(controller), aclosing(controller.check(names)) as checks:
            first = asyncio.create_task(anext(checks, None))
            await until(lambda: len(simulator.requests) >= few_at_once)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    asyncio.run(script())
    assert len(opened) == few_at_once


# ---------------------------------------------------------------------- one key, before and after it is saved


def files(paths: Paths) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in paths.data.parent.rglob("*") if path.is_file()}


def try_out(controller: Controller, draft: Draft, editing: Credential | None = None) -> tuple[Check, list[Stage]]:
    stages: list[Stage] = []

    async def script() -> Check:
        async with working(controller):
            return await controller.try_draft(draft, editing, stages.append)

    return asyncio.run(script()), stages


def test_trying_a_draft_writes_nothing(controller: Controller, simulator: Gate, paths: Paths) -> None:
    before = files(paths)
    key = simulator.issue("openai", "valid")
    draft = Draft("openai", "new", controller.catalog["openai"].base_url, (), Secret(key))
    check, stages = try_out(controller, draft)
    assert (check.verdict, check.name, check.credential_id) == (Verdict.OK, "openai/new", "")
    assert tuple(stages) == check.stages
    assert files(paths) == before
    assert controller.history.checks == ()
    assert controller.credentials() == ()


def test_a_replacement_that_fails_leaves_the_old_key_as_it_was(
    controller: Controller, simulator: Gate, add: Callable[..., Credential], paths: Paths
) -> None:
    old = add("openai/work")
    before = files(paths)
    check, _ = try_out(controller, Draft("openai", "work", old.base_url, (), Secret(KEY)), old)
    assert (check.verdict, check.credential_id) == (Verdict.INVALID_KEY, old.id)
    assert files(paths) == before
    assert controller.get("openai/work") == old
    assert verdicts(check_all(controller, ["openai/work"])) == {"openai/work": Verdict.OK}


def test_a_replacement_that_passes_is_recorded_once_it_is_saved(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    old = add("openai/work", "revoked")
    key = simulator.issue("openai", "valid", "new")
    draft = Draft("openai", "work", old.base_url, (), Secret(key))
    check, _ = try_out(controller, draft, old)
    new, saved = controller.update(old, draft)
    assert saved.incomplete == ""
    assert controller.record(replace(check, credential_id=new.id)) == ""
    assert controller.last_checks()[old.id].verdict is Verdict.OK


def test_new_settings_can_be_tried_with_the_stored_key(controller: Controller, add: Callable[..., Credential]) -> None:
    stored = add("openai/work", "wrong_org")
    check, _ = try_out(controller, Draft("openai", "work", stored.base_url, (("organization", "org-demo"),)), stored)
    assert check.verdict is Verdict.OK


def test_a_stored_key_is_never_tried_where_it_was_not_saved_for(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    stored = add("openai/work")
    for draft in (
        Draft("openai", "work", simulator.base_url("openai").replace("127.0.0.1", "localhost")),
        Draft("openrouter", "work", stored.base_url),
    ):
        with pytest.raises(Conflict):
            try_out(controller, draft, stored)
    assert simulator.requests == []


def test_a_name_that_another_session_gave_to_another_key_does_not_send_that_key_to_the_old_address(
    controller: Controller, make: Callable[..., Controller], simulator: Gate, add: Callable[..., Credential]
) -> None:
    seen = add("openai/work")
    other = make()
    other.unlock(PASSPHRASE)
    other.remove([seen])
    other.add(Draft("openai", "work", "https://own.example/v1", (), Secret(KEY)))
    assert controller.refresh()
    with pytest.raises(Conflict):
        try_out(controller, Draft("openai", "work", seen.base_url), seen)

    async def script() -> Check:
        async with working(controller):
            return await controller.check_saved(seen, lambda stage: None)

    with pytest.raises(Conflict):
        asyncio.run(script())
    assert simulator.requests == []


def test_a_saved_key_is_checked_stage_by_stage_and_recorded(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    saved = add("openrouter/bot", "no_credit")
    stages: list[Stage] = []

    async def script() -> Check:
        async with working(controller):
            return await controller.check_saved(saved, stages.append)

    check = asyncio.run(script())
    assert [stage.name for stage in stages] == ["shape", "key", "paid"]
    assert check.verdict is Verdict.NO_CREDITS
    assert controller.last_checks() == {saved.id: check}


def test_a_lock_ends_the_check_of_a_saved_key(
    controller: Controller, simulator: Gate, add: Callable[..., Credential]
) -> None:
    saved = add("openai/work", "slow")

    async def script() -> None:
        async with working(controller):
            checking = asyncio.create_task(controller.check_saved(saved, lambda stage: None))
            await until(lambda: bool(simulator.requests))
            controller.lock()
            simulator.let_go()
            with pytest.raises(VaultLocked):
                await checking

    asyncio.run(script())
    assert [request.method for request in simulator.requests] == ["GET"]


def test_a_saved_key_that_is_gone_is_not_found(controller: Controller, add: Callable[..., Credential]) -> None:
    gone = add("openai/work")
    controller.remove([gone])

    async def script() -> Check:
        async with working(controller):
            return await controller.check_saved(gone, lambda stage: None)

    with pytest.raises(CredentialNotFound):
        asyncio.run(script())


# ---------------------------------------------------------------------- the log


def test_a_log_that_cannot_be_written_is_told_once_and_spoils_no_check(
    controller: Controller, add: Callable[..., Credential], paths: Paths
) -> None:
    name = add("openai/work").name
    (paths.data / "journal").mkdir()
    assert verdicts(check_all(controller, [name])) == {name: Verdict.OK}
    assert controller.log_trouble() != ""
    assert controller.log_trouble() == ""
    assert verdicts(controller.history.checks) == {name: Verdict.OK}, "for this session it is there"


# ---------------------------------------------------------------------- settings and cost


def test_the_paid_request_can_be_switched_off_and_the_switch_is_kept(
    controller: Controller,
    make: Callable[..., Controller],
    simulator: Gate,
    add: Callable[..., Credential],
    paths: Paths,
) -> None:
    names = [add("openai/poor", "no_credit").name, add("openrouter/poor", "no_credit").name]
    assert controller.paid
    controller.change_setting(paid_test=False)
    assert set(verdicts(check_all(controller, names)).values()) == {Verdict.ACCEPTED}
    assert not any(request.method == "POST" for request in simulator.requests)
    kept = make(settings.load(paths.settings))
    assert not kept.paid
    kept.change_setting(paid_test=True)
    assert settings.load(paths.settings) == Config()
    assert not controller.paid, "a running session keeps its own"


def test_a_setting_that_is_changed_leaves_the_others_alone(make: Callable[..., Controller], paths: Paths) -> None:
    paths.settings.parent.mkdir(parents=True)
    paths.settings.write_text('theme = "nord"\nlock_after_minutes = 3\n')
    session = make(settings.load(paths.settings))
    session.change_setting(paid_test=False)
    assert settings.load(paths.settings) == Config(theme="nord", lock_after_minutes=3, paid_test=False)


def test_a_setting_that_another_session_changed_meanwhile_is_not_undone(
    make: Callable[..., Controller], paths: Paths
) -> None:
    one, other = make(), make()
    other.change_setting(theme="nord")
    one.change_setting(paid_test=False)
    assert settings.load(paths.settings) == Config(theme="nord", paid_test=False)


def test_a_settings_file_with_a_mistake_is_not_written_over(make: Callable[..., Controller], paths: Paths) -> None:
    session = make()
    paths.settings.parent.mkdir(parents=True)
    paths.settings.write_text("theme = 7\n")
    session.change_setting(paid_test=False)
    assert not session.paid
    assert paths.settings.read_text() == "theme = 7\n"


def test_the_demo_keeps_no_settings(make: Callable[..., Controller], paths: Paths) -> None:
    demo = make(demo=True)
    demo.change_setting(paid_test=False)
    assert not demo.paid
    assert not paths.settings.exists()


def test_the_cost_of_a_test_is_that_of_its_paid_requests(make: Callable[..., Controller]) -> None:
    session = make()
    each = {name: session.catalog[name].usual_cost_usd for name in ("openai", "openrouter")}
    assert session.cost_usd([]) == 0
    assert session.cost_usd(["openai"]) == each["openai"] > 0
    assert session.cost_usd(["openai", "openai", "openrouter"]) == 2 * each["openai"] + each["openrouter"]
    assert session.cost_usd(["acme", "openai"]) == each["openai"]
    assert make(Config(paid_test=False)).cost_usd(["openai", "openrouter"]) == 0


# ---------------------------------------------------------------------- patience and the schedule


def patient(controller: Controller, names: list[str], waits: list[float], after: Callable[[], None]) -> list[Check]:
    """A patient test whose waits take no time; `after` is called in each."""

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        after()

    async def script() -> list[Check]:
        async with working(controller):
            return [check async for check in controller.check(names, patient=True, pause=pause)]

    return asyncio.run(script())


def test_a_patient_test_waits_as_long_as_the_provider_asked_and_tries_again(
    controller: Controller, add: Callable[..., Credential], simulator: Gate
) -> None:
    credential = add("openai/work", "rate_limited")
    key = simulator.issue("openai", "rate_limited", "work")
    waits: list[float] = []
    found = patient(controller, [credential.name], waits, lambda: simulator.change(key, "valid"))
    assert [check.verdict for check in found] == [Verdict.RATE_LIMITED, Verdict.OK]
    assert waits == [20]
    assert verdicts(controller.history.checks) == {"openai/work": Verdict.OK}


def test_a_fault_of_our_own_during_a_test_is_not_swallowed(
    controller: Controller, add: Callable[..., Credential], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("openai/work")

    async def faulty(credential: Credential, credential_id: str) -> Check:
        raise ZeroDivisionError

    monkeypatch.setattr(controller, "_checked", faulty)
    with pytest.raises(ZeroDivisionError):
        check_all(controller, ["openai/work"])


def test_a_patient_test_gives_up_after_two_more_tries(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/work", "rate_limited")
    add("openai/outage", "down")
    waits: list[float] = []
    found = patient(controller, ["openai/work", "openai/outage"], waits, lambda: None)
    assert sorted(waits) == [2, 8, 20, 20]
    assert len(found) == 6


def test_a_patient_test_never_repeats_a_billing_error(controller: Controller, add: Callable[..., Credential]) -> None:
    names = [add(f"openai/{each}", each).name for each in ("no_credit", "spend_limit", "deactivated", "valid")]
    waits: list[float] = []
    assert len(patient(controller, names, waits, lambda: None)) == 4
    assert waits == []


def test_an_ordinary_test_never_waits(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/work", "rate_limited")
    assert [check.verdict for check in check_all(controller, ["openai/work"])] == [Verdict.RATE_LIMITED]


def test_a_provider_that_asked_to_slow_down_gets_one_request_at_a_time(
    controller: Controller, add: Callable[..., Credential], few_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [add(f"openai/limited-{n}", "rate_limited").name for n in range(9)]
    started: list[str] = []
    busy: set[str] = set()
    seen: list[int] = []
    check_one = controller._checked

    async def watched(credential: Credential, credential_id: str) -> Check:
        started.append(credential.name)
        if len(started) > few_at_once:
            busy.add(credential.name)
            seen.append(len(busy))
        try:
            return await check_one(credential, credential_id)
        finally:
            busy.discard(credential.name)

    monkeypatch.setattr(controller, "_checked", watched)
    assert len(check_all(controller, names)) == 9
    assert seen == [1] * 6


def test_without_a_schedule_nothing_is_due(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/work")
    assert controller.due() == ()


def test_on_a_schedule_what_was_not_tested_lately_is_due_and_what_lacks_money_is_not(
    make: Callable[..., Controller], controller: Controller, add: Callable[..., Credential]
) -> None:
    for label, situation in (("work", "valid"), ("dry", "no_credit"), ("new", "valid")):
        add(f"openai/{label}", situation)
    check_all(controller, ["openai/work", "openai/dry"])
    assert controller.due() == ()
    controller.config = replace(controller.config, test_every_minutes=60)
    assert controller.due() == ("openai/new",)
    controller.now = lambda: NOW + timedelta(minutes=60)
    assert controller.due() == ("openai/work", "openai/new")
    controller.lock()
    assert controller.due() == ()
