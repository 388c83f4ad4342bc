"""`arka-tui exec` with real commands: in a pipe, on a terminal, by signals, and to a simulated provider."""

import os
import resource
import secrets
import select
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from arka_tui.credential import Draft
from arka_tui.secret import MASK, Secret
from arka_tui.simulator import Simulator
from arka_tui.store.key_file import make_key_file
from arka_tui.store.vault import Vault
from tests.e2e.home import PASSPHRASE, Home
from tests.e2e.terminal import PATIENCE_S, Terminal

CANARY = f"gsk_CANARY{secrets.token_hex(11)}"
"""Another one in each process that runs tests: they look into each other's."""
DOTS = MASK.encode()
CommandLine = Callable[..., list[str]]
Run = Callable[..., subprocess.CompletedProcess[bytes]]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def vault(home: Home) -> Vault:
    """Opened by a key file, with one key."""
    vault = home.new_vault()
    vault.add_slot(make_key_file(home.root / "key-file"))
    vault.add(Draft("groq", "work", "https://api.groq.com/openai/v1", (), Secret(CANARY)))
    return vault


@pytest.fixture
def command(home: Home, vault: Vault) -> CommandLine:
    """`arka-tui exec` and its arguments."""

    def command(*arguments: str) -> list[str]:
        return [*home.command, "exec", "--key-file", str(home.root / "key-file"), *arguments]

    return command


@pytest.fixture
def run(home: Home, command: CommandLine) -> Run:
    """In pipes, until it ends."""

    def run(*arguments: str, together: bool = False) -> subprocess.CompletedProcess[bytes]:
        stderr = subprocess.STDOUT if together else subprocess.PIPE
        done = subprocess.run(
            command(*arguments), env=home.env, stdout=subprocess.PIPE, stderr=stderr, timeout=PATIENCE_S, check=False
        )
        if "--no-masking" not in arguments:
            assert CANARY.encode() not in done.stdout + (done.stderr or b"")
        return done

    return run


@contextmanager
def running(command: list[str], home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """In pipes and a session of its own; it has said "ready"."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=home.env, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
    ) as child:
        assert child.stdout
        try:
            assert child.stdout.readline() == b"ready\n"
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


def python(script: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(script)]


# ---------------------------------------------------------------------- in pipes


def test_the_command_has_the_key_and_what_it_writes_of_it_is_masked(run: Run) -> None:
    script = """
        import os, sys
        key = os.environ["GROQ_API_KEY"]
        assert len(key) == 32
        sys.stderr.write(f"trouble with {key}")
        sys.stdout.buffer.write(b"\\xff<" + key.encode() * 2 + b">" + key[:9].encode())
    """
    done = run("-k", "groq", "--", *python(script))
    assert done.stdout == b"\xff<" + DOTS * 2 + b">" + CANARY[:9].encode()
    note = b"! a key in the output was masked; --no-masking passes it on\n"
    assert done.stderr == b"trouble with " + DOTS + note
    assert done.returncode == 0


def test_a_key_in_two_pieces_is_masked_and_other_output_does_not_wait(command: CommandLine, home: Home) -> None:
    script = """
        import os, sys
        key = os.environ["GROQ_API_KEY"]
        os.write(1, b"ready\\n")
        os.write(1, b"? " + key[:10].encode())
        sys.stdin.readline()
        os.write(1, key[10:].encode() + b" !")
    """
    with running(command("-k", "groq", "--", *python(script)), home) as child:
        assert child.stdout
        assert os.read(child.stdout.fileno(), 100) == b"? "
        assert child.communicate(b"\n", PATIENCE_S)[0] == DOTS + b" !"


@pytest.mark.slow
def test_both_streams_into_one_place_keep_their_order(
    run: Run,
) -> None:
    script = "for n in 1 2 3 4 5 6 7 8; do echo out $n; echo err $n >&2; done"
    done = run("-k", "groq", "--", "sh", "-c", script, together=True)
    assert done.stdout.decode().split("\n")[:-1] == [f"{stream} {n}" for n in range(1, 9) for stream in ("out", "err")]


@pytest.mark.slow
def test_without_masking_output_is_untouched(run: Run) -> None:
    done = run("-k", "groq", "--no-masking", "--", "printenv", "GROQ_API_KEY")
    assert done.stdout.decode() == f"{CANARY}\n"


@pytest.mark.slow
def test_what_the_command_left_behind_is_still_heard_and_masked(
    run: Run,
) -> None:
    script = "(while kill -0 $$ 2>&-; do :; done; echo later $GROQ_API_KEY) & echo first; exit 5"
    done = run("-k", "groq", "--", "sh", "-c", script)
    assert (done.stdout, done.returncode) == (b"first\nlater " + DOTS + b"\n", 5)


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_command_as_it_would_without_us(command: CommandLine, home: Home) -> None:
    script = 'echo ready; while echo "$GROQ_API_KEY"; do :; done'
    with running(command("-k", "groq", "--", "sh", "-c", script), home) as child:
        assert child.stdout
        child.stdout.close()
        assert child.wait(PATIENCE_S) == 128 + signal.SIGPIPE


@pytest.mark.slow
def test_output_waits_for_a_slow_reader_where_its_pipe_does_not_block(command: CommandLine, home: Home) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    arguments = command("-k", "groq", "--", *python("import sys; sys.stdout.write('x' * 1_000_000)"))
    with subprocess.Popen(arguments, env=home.env, stdout=writer, stderr=subprocess.PIPE) as child:
        os.close(writer)
        pieces: list[bytes] = []
        with open(reader, "rb") as output:
            while not pieces or pieces[-1]:
                select.select([reader], [], [])
                pieces.append(output.read1())
        assert child.stderr
        assert child.stderr.read() == b""
    assert (len(b"".join(pieces)), child.returncode) == (1_000_000, 0)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_no_success(command: CommandLine, home: Home) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command("-k", "groq", "--", "echo", "x"), env=home.env, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"its output cannot be written: the disk is full" in done.stderr


# ---------------------------------------------------------------------- how it ends


@pytest.mark.parametrize("masking", [(), ("--no-masking",)])
def test_the_exit_code_is_the_commands(masking: tuple[str, ...], run: Run) -> None:
    assert run("-k", "groq", *masking, "--", "sh", "-c", "exit 77").returncode == 77


@pytest.mark.slow
def test_after_a_signal_the_exit_code_is_128_and_its_number(
    run: Run,
) -> None:
    assert run("-k", "groq", "--", "sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("masking", [(), ("--no-masking",)])
def test_a_command_that_cannot_be_started_is_told_as_shells_do(masking: tuple[str, ...], run: Run, home: Home) -> None:
    (home.root / "text").write_text("no program")
    (home.root / "text").chmod(0o700)
    for command, code, told in (
        ("no-such-program", 127, "there is no command 'no-such-program'"),
        (str(home.root / "tmp"), 126, "cannot be run: permission denied"),
        (str(home.root / "text"), 126, "is no program"),
    ):
        done = run("-k", "groq", *masking, "--", command)
        assert done.returncode == code
        assert told in done.stderr.decode()
        assert done.stderr.startswith(b"arka-tui: error: ")
        assert len(done.stderr.splitlines()) <= 2


TRAP = "trap 'echo got {0}; exit 9' {0}; echo ready; while :; do sleep 0.1; done"
"""It looks up now and then: a shell that only reads may miss a signal that comes just before."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1", "USR2", "WINCH", "INT", "QUIT"])
def test_signals_are_passed_on_to_the_command(name: str, command: CommandLine, home: Home) -> None:
    with running(command("-k", "groq", "--", "sh", "-c", TRAP.format(name)), home) as child:
        child.send_signal(signal.Signals[f"SIG{name}"])
        assert child.stdout
        assert child.stdout.read() == f"got {name}\n".encode()
        assert child.wait(PATIENCE_S) == 9


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize(("name", "typed"), [("INT", "\x03"), ("QUIT", "\x1c")])
def test_what_the_terminal_sends_is_left_to_the_command(
    name: str, typed: str, command: CommandLine, home: Home
) -> None:
    script = """
        import os, signal, sys
        signal.signal(signal.SIG{0}, lambda *_: os.write(2, b"got {0}."))
        os.write(2, b"ready.")
        sys.stdin.readline()
    """
    arguments = command("-k", "groq", "--", *python(script.format(name)))
    with Terminal(["sh", "-c", 'exec "$@" >out', "sh", *arguments], home.env) as terminal:
        terminal.wait_for("ready.")
        terminal.paste_raw(typed)
        terminal.wait_for(f"got {name}.")
        terminal.press("enter")
        assert terminal.wait_exit() == 0
        assert terminal.text.count("got") == 1


@pytest.mark.slow
@linux_only
def test_behind_on_its_terminal_it_passes_on_what_was_sent_to_it_alone(command: CommandLine, home: Home) -> None:
    home.env["GOES_ON"] = "trap 'echo got INT >&2; exit 9' INT; echo ready >&2; while :; do sleep 0.1; done"
    script = """
        import os, signal, subprocess, sys
        child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
        assert child.stderr.readline() == b"ready\\n"
        child.send_signal(signal.SIGINT)
        print("it said", child.stderr.read(), "and ended with", child.wait())
    """
    arguments = command("-k", "groq", "--", "sh", "-c", 'eval "$GOES_ON"')
    with Terminal([*python(script), *arguments], home.env) as terminal:
        terminal.wait_for("it said b'got INT\\n' and ended with 9")


@pytest.mark.slow
def test_an_exit_code_is_not_lost_where_children_are_ignored(command: CommandLine, home: Home) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    script = "import signal, sys; print(signal.getsignal(signal.SIGCHLD).name); sys.exit(7)"
    done = subprocess.run(
        command("-k", "groq", "--", *python(script)),
        env=home.env,
        stdout=subprocess.PIPE,
        preexec_fn=ignore,
        check=False,
    )
    assert (done.stdout, done.returncode) == (b"SIG_IGN\n", 7), "the command finds it as we did"


# ---------------------------------------------------------------------- in our place


@linux_only
def test_on_a_terminal_the_command_takes_our_place_and_its_output_is_its_own(command: CommandLine, home: Home) -> None:
    script = 'test -t 1 && echo "pid $$ key $GROQ_API_KEY" && read line'
    with Terminal(command("-k", "groq", "--", "sh", "-c", script), home.env) as terminal:
        terminal.wait_for(f"key {CANARY}")
        assert f"pid {terminal.process.pid} " in terminal.text
        terminal.press("enter")
        assert terminal.wait_exit() == 0


@pytest.mark.slow
@linux_only
def test_without_a_command_a_shell_starts_that_tells_which_keys_it_has(command: CommandLine, home: Home) -> None:
    with Terminal(command("-k", "groq"), {**home.env, "SHELL": "/bin/sh"}) as terminal:
        terminal.wait_for("a shell with groq/work; exit leaves it")
        terminal.paste_raw("echo $ARKA_EXEC ${#GROQ_API_KEY}; exit 3\n")
        terminal.wait_for(f"groq/work {len(CANARY)}")
        assert terminal.wait_exit() == 3


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("masking", [(), ("--no-masking",)])
def test_the_command_gets_the_limits_that_we_were_started_with(
    masking: tuple[str, ...], command: CommandLine, home: Home
) -> None:
    script = "umask; ulimit -c; grep SigIgn /proc/$$/status"

    def start_with() -> None:
        os.umask(0o027)
        resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))

    def said(command: list[str]) -> bytes:
        return subprocess.run(command, env=home.env, stdout=-1, preexec_fn=start_with, check=True).stdout

    alone = said(["sh", "-c", script])
    assert said(command("-k", "groq", *masking, "--", "sh", "-c", script)) == alone
    assert b"0027" in alone


# ---------------------------------------------------------------------- where the key is, and where not


@linux_only
def test_the_key_is_in_the_environment_of_the_command_alone_and_on_no_command_line(
    command: CommandLine, home: Home
) -> None:
    with running(command("-k", "groq", "--", "sh", "-c", "echo ready; read line"), home) as child:
        held, lines = [], []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                lines.append((process / "cmdline").read_bytes())
                if CANARY.encode() in (process / "environ").read_bytes():
                    held.append(int((process / "stat").read_text().rpartition(")")[2].split()[1]))
            except (PermissionError, FileNotFoundError, ProcessLookupError):
                continue
        assert held == [child.pid], "one process, a child of ours"
        assert not any(CANARY.encode() in line for line in lines)
        assert any(b"arka_tui\0exec" in line for line in lines)
        out, err = child.communicate(b"\n", PATIENCE_S)
        assert CANARY.encode() not in out + err
    assert not any(CANARY.encode() in file.read_bytes() for file in home.files() if file.is_file())


@pytest.mark.slow
def test_the_passphrase_may_come_by_a_file_descriptor_which_the_command_does_not_get(home: Home, vault: Vault) -> None:
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE.encode() + b"\nmore")
    os.close(writer)
    script = f'test -n "$GROQ_API_KEY" && ! (true <&{reader}) 2>/dev/null'
    arguments = ["exec", "--passphrase-fd", str(reader), "-k", "groq", "--", "sh", "-c", script]
    done = subprocess.run([*home.command, *arguments], env=home.env, pass_fds=[reader], check=False, timeout=PATIENCE_S)
    os.close(reader)
    assert done.returncode == 0


def test_neither_the_screens_nor_the_network_nor_the_catalog_is_loaded(home: Home, vault: Vault) -> None:
    script = """
        import sys
        from arka_tui.__main__ import main
        assert main(sys.argv[1:]) == 0
        sys.stderr.write(" ".join(sys.modules))
    """
    arguments = ["exec", "--key-file", str(home.root / "key-file"), "-k", "groq", "--", "true"]
    done = subprocess.run([*python(script), *arguments], env=home.env, capture_output=True, text=True, check=True)
    heavy = {"textual", "rich", "httpx", "asyncio", "arka_tui.controller", "arka_tui.providers.catalog"}
    assert heavy.isdisjoint(done.stderr.split())


# ---------------------------------------------------------------------- real clients


@pytest.fixture
def openai_key(vault: Vault, simulator: Simulator) -> str:
    key = simulator.issue("openai", "valid")
    vault.add(Draft("openai", "simulated", simulator.base_url("openai"), (), Secret(key)))
    return key


def test_the_openai_package_finds_key_and_address_by_itself(run: Run, openai_key: str, simulator: Simulator) -> None:
    script = "import openai; print(len([each.id for each in openai.OpenAI().models.list()]) > 1)"
    done = run("-k", "openai", "--", sys.executable, "-W", "ignore", "-c", script)
    assert done.stdout == b"True\n", done.stderr.decode()
    assert [(each.path, each.situation) for each in simulator.requests] == [("/openai/v1/models", "valid")]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_uses_the_key_and_what_it_shows_of_it_is_masked(run: Run, openai_key: str, simulator: Simulator) -> None:
    script = 'curl -sSv -H "Authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/models"'
    done = run("-k", "openai", "--", "sh", "-c", script)
    assert done.returncode == 0
    assert b'"object"' in done.stdout
    assert b"Authorization: Bearer " + DOTS in done.stderr
    assert openai_key.encode() not in done.stdout + done.stderr
    assert simulator.requests[0].situation == "valid"
