"""The program with one safety taken out: a test must notice. Runnable, so that the tests stay as strict as they are.

Each mutant is a copy of the tree in which one text is replaced by another, and the test that should fail then.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.attack.figures import Figures, Sweep

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
LIMIT_S = 180


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    file: str
    """Below `arka_tui/`."""
    changes: tuple[tuple[str, str], ...]
    """What stands there once, and what stands there then."""
    test: str
    """Below `tests/`: what fails then."""

    def apply(self, tree: Path) -> None:
        path = tree / "arka_tui" / self.file
        text = path.read_text()
        for old, new in self.changes:
            if text.count(old) != 1:
                raise LookupError(f"{self.name}: {old!r} stands {text.count(old)} times in {self.file}")
            text = text.replace(old, new)
        path.write_text(text)


def _mutant(name: str, file: str, old: str, new: str, test: str) -> Mutant:
    return Mutant(name, file, ((old, new),), test)


MUTANTS = (
    # nothing lost
    _mutant(
        "the file is not synced",
        "store/disk.py",
        "        os.fsync(fd)  # never tried",
        "        # never",
        "attack/test_power_loss.py::test_a_power_failure_at_any_moment_leaves_what_was_said",
    ),
    _mutant(
        "the folder is not synced",
        "store/disk.py",
        "            os.fsync(folder)\n",
        "            pass\n",
        "attack/test_power_loss.py::test_a_power_failure_at_any_moment_leaves_what_was_said",
    ),
    _mutant(
        "nothing is locked",
        "store/disk.py",
        "                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "                pass",
        "store/test_disk.py::test_a_store_that_another_session_is_saving_is_busy",
    ),
    _mutant(
        "what was written is not read back",
        "store/disk.py",
        "if read_all(fd) != data:",
        "if False:",
        "store/test_disk.py::test_a_disk_that_lies_about_a_write_is_found_out_before_the_rename",
    ),
    _mutant(
        "a failed fsync is tried again",
        "store/disk.py",
        "        os.fsync(fd)  # never",
        "        with suppress(OSError):\n            os.fsync(fd)\n        os.fsync(fd)  # never",
        "store/test_disk.py::test_a_failed_fsync_is_never_tried_again",
    ),
    _mutant(
        "the file is written in place",
        "store/disk.py",
        "os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)",
        "path.write_bytes(data)",
        "attack/test_power_loss.py::test_a_power_failure_at_any_moment_leaves_what_was_said",
    ),
    _mutant(
        "the mirror is not written",
        "store/disk.py",
        "Saved(incomplete or self.replace_mirror(data, removing=removing) or",
        "Saved(incomplete or",
        "store/test_vault.py::test_a_new_vault_is_empty_unlocked_and_in_two_equal_copies",
    ),
    _mutant(
        "a full disk keeps the mirror when a key is deleted",
        "store/disk.py",
        "                    self.mirror.unlink()\n",
        "                    pass\n",
        "store/test_disk.py::test_a_delete_on_a_full_disk_gives_up_the_mirror_and_succeeds",
    ),
    _mutant(
        "an outdated session writes over another's change",
        "store/vault.py",
        "    if entry.credential.rev != seen.rev:",
        "    if False:",
        "store/test_copies.py::test_two_changes_of_one_credential_are_a_conflict_and_the_first_one_stays",
    ),
    _mutant(
        "a save starts from what this session saw last",
        "store/vault.py",
        "            state = self._copies.newest(self._still_open(opening))\n            change = op(state)",
        "            state = self._still_open(opening)\n            change = op(state)",
        "store/test_copies.py",
    ),
    _mutant(
        "an older copy is not noticed",
        "store/highwater.py",
        "if document.generation < generation:",
        "if False:",
        "store/test_highwater.py::test_a_lower_generation_looks_like_an_older_copy",
    ),
    # nothing opens that was tampered with
    Mutant(
        "boxes are not bound to their place",
        "store/envelope.py",
        (
            ("encrypt(nonce, plaintext, aad)", "encrypt(nonce, plaintext, b'')"),
            ("box[NONCE_BYTES:], aad,", "box[NONCE_BYTES:], b'',"),
        ),
        "store/test_envelope.py::test_a_box_does_not_open_anywhere_but_where_it_belongs",
    ),
    _mutant(
        "the MAC is not compared",
        "store/state.py",
        "if not equal(_mac(document, master_key), document.mac):",
        "if False:",
        "store/test_vault.py::test_everything_outside_the_boxes_is_under_the_seal",
    ),
    _mutant(
        "slots are outside of the MAC",
        "store/document.py",
        "pae(*(_table_bytes(_slot_table(slot)) for slot in self.slots)),",
        "pae(),",
        "store/test_vault.py::test_everything_outside_the_boxes_is_under_the_seal",
    ),
    _mutant(
        "records are outside of the MAC",
        "store/document.py",
        'len(self.records).to_bytes(8, "little") + b"".join(map(_record_part, self.records)),',
        "bytes(8),",
        "store/test_vault.py::test_records_dropped_swapped_or_rolled_back_break_the_seal",
    ),
    _mutant(
        "a nonce is used again",
        "store/envelope.py",
        "nonce = os.urandom(NONCE_BYTES)",
        "nonce = bytes(NONCE_BYTES)",
        "store/test_envelope.py::test_two_boxes_of_the_same_plaintext_have_nothing_in_common",
    ),
    _mutant(
        "the check is not compared",
        "store/slots.py",
        "if not equal(check, slot.check):",
        "if False:",
        "store/test_slots.py::test_any_other_passphrase_is_a_wrong_one",
    ),
    _mutant(
        "a secret is not bound to its address",
        "store/state.py",
        "entry.sealed_rev, shown.provider, shown.origin)",
        "entry.sealed_rev, shown.provider)",
        "store/test_vault.py::test_a_secret_does_not_open_for_another_address_even_under_a_right_seal",
    ),
    _mutant(
        "a replaced secret keeps its record key",
        "store/vault.py",
        "new = replace(new, sealed_rev=updated.rev, record_key=random_key())",
        "new = replace(new, sealed_rev=updated.rev)",
        "store/test_vault.py::test_a_record_key_seals_one_secret_and_goes_with_it",
    ),
    _mutant(
        "a changed passphrase keeps the master key",
        "store/vault.py",
        "store_id, master_key = seen.store_id, random_key()",
        "store_id, master_key = seen.store_id, seen.master_key",
        "store/test_vault.py::test_what_an_old_copy_gives_away_opens_nothing_new",
    ),
    _mutant(
        "any Argon2 cost is taken from a file",
        "store/document.py",
        "if type(value) is not int or not least <= value <= most:",
        "if type(value) is not int:",
        "store/test_document.py::test_a_number_out_of_its_bounds_is_refused",
    ),
    _mutant(
        "lines are not looked at before the TOML parser",
        "store/document.py",
        "if not _LINES.fullmatch(rest) or not re",
        "if not re",
        "store/test_document.py::test_a_value_that_is_neither_a_plain_text_nor_a_plain_number_is_refused",
    ),
    _mutant(
        "an ssh key is not tried four times",
        "store/ssh_agent.py",
        "ENROL_SIGNATURES = 4",
        "ENROL_SIGNATURES = 1",
        "store/test_ssh_agent.py::test_ecdsa_is_refused_by_name_and_would_be_found_out_by_its_signatures",
    ),
    _mutant(
        "any signature of an ssh key will do",
        "store/ssh_agent.py",
        "_string(part) for part in (NAMESPACE.encode(), ",
        "_string(part) for part in (b'file', ",
        "store/test_ssh_agent.py::test_a_signature_for_another_purpose_is_another_one",
    ),
    # nothing leaks over the network
    Mutant(
        "redirects are followed",
        "providers/transport.py",
        (
            ("follow_redirects=False", "follow_redirects=True"),
            ('    response.headers.pop("location", None)\n', "    pass\n"),
        ),
        "providers/test_transport.py::test_a_redirect_is_refused_and_its_target_never_asked",
    ),
    _mutant(
        "the environment's proxies are used",
        "providers/transport.py",
        "trust_env=False",
        "trust_env=True",
        "providers/test_transport.py::test_nothing_in_the_environment_changes_where_a_key_goes_or_whom_it_trusts",
    ),
    _mutant(
        "any certificate is trusted",
        "providers/transport.py",
        "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n",
        "providers/test_transport.py::test_a_self_signed_server_gets_nothing",
    ),
    _mutant(
        "session keys of TLS are logged",
        "providers/transport.py",
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "context = ssl.create_default_context()",
        "providers/test_transport.py::test_nothing_in_the_environment_changes_where_a_key_goes_or_whom_it_trusts",
    ),
    _mutant(
        "an answer may have any size",
        "providers/transport.py",
        "if len(body) > MAX_BODY_BYTES:",
        "if False:",
        "providers/test_transport.py::test_a_body_without_end_is_left_soon_after_the_limit",
    ),
    _mutant(
        "an answer may take for ever",
        "providers/transport.py",
        "asyncio.timeout(DEADLINE_S)",
        "asyncio.timeout(None)",
        "providers/test_transport.py::test_a_server_that_drips_is_ended_by_the_deadline",
    ),
    Mutant(
        "connections serve several keys",
        "providers/transport.py",
        (
            ("max_keepalive_connections=0", "max_keepalive_connections=20"),
            ('"Accept-Encoding": "identity", "Connection": "close"}', '"Accept-Encoding": "identity"}'),
        ),
        "providers/test_transport.py::test_every_request_has_a_connection_of_its_own_and_no_cookie_of_another",
    ),
    _mutant(
        "a key with a line end is sent",
        "providers/transport.py",
        "if not _VISIBLE.fullmatch(request.secret_header[1].reveal()):",
        "if False:",
        "providers/test_transport.py::test_a_key_that_no_header_may_hold_opens_no_connection_and_is_quoted_nowhere",
    ),
    _mutant(
        "a moved key is sent where the form says",
        "controller.py",
        "if (now.id, now.provider, now.origin) != (seen.id, target.provider, origin_of(target.base_url)):",
        "if False:",
        "test_controller.py::test_a_stored_key_is_never_tried_where_it_was_not_saved_for",
    ),
    _mutant(
        "errors are not rid of the key",
        "secret.py",
        "        hit[start:end] = [True] * (end - start)\n",
        "        pass\n",
        "test_secret.py::test_a_key_and_every_longer_piece_of_it_become_dots",
    ),
    # nothing leaks on the screen, nor out of the process
    _mutant(
        "a secret prints itself",
        "secret.py",
        'return f"Secret({MASK})"',
        'return f"Secret({self._value})"',
        "test_secret.py::test_a_secret_prints_as_dots",
    ),
    _mutant(
        "outside text is not cleaned",
        "text.py",
        "for char in unicodedata.normalize(",
        "return text[:limit]\n    for char in unicodedata.normalize(",
        "test_text.py::test_what_steers_a_terminal_or_hides_is_shown_or_dropped",
    ),
    _mutant(
        "the last net has a hole",
        "tui/guard.py",
        "Segment(drop_unsafe(text), style, control)",
        "segment",
        "tui/test_guard.py::test_the_line_filter_alone_stops_what_steers_a_terminal",
    ),
    _mutant(
        "toasts read markup",
        "tui/app.py",
        "markup=False)",
        "markup=True)",
        "tui/test_guard.py::test_outside_text_in_a_toast_is_shown_as_it_is",
    ),
    _mutant(
        "text may be copied to the clipboard",
        "tui/app.py",
        "        self.bell()\n\n    def action_screenshot",
        "        super().copy_to_clipboard(text)\n\n    def action_screenshot",
        "tui/test_guard.py::test_nothing_is_ever_copied_or_screenshot",
    ),
    _mutant(
        "a link may lead anywhere",
        "tui/guard.py",
        "page if page in self.pages else None",
        "page",
        "tui/test_links.py::test_the_last_filter_lets_no_link_through_that_is_not_a_page",
    ),
    _mutant(
        "a key may be sent as the name of a model",
        "tui/clipboard.py",
        " or controller.catalog.holds_key(text) or controller.insight.holders(Secret(text))",
        "",
        "tui/test_links.py::test_no_key_that_is_stored_or_looks_like_one_is_public",
    ),
    _mutant(
        "a crash shows local variables",
        "tui/app.py",
        "self._exit_renderables.append(Segments(self.console.render(crash_report(error), self.console.options)))",
        "super()._fatal_error()",
        "tui/test_guard.py::test_every_way_to_crash_goes_through_our_report",
    ),
    _mutant(
        "locking keeps the keys",
        "store/vault.py",
        "self._state, self._history, self._unwritten, self._stamps = None, History(()), set(), (None, None)",
        "pass",
        "store/test_vault.py::test_a_locked_vault_tells_and_does_nothing",
    ),
    _mutant(
        "it stays open while suspended",
        "tui/app.py",
        'self.lock_soon("Locked: arka-tui was suspended.")',
        "pass",
        "tui/test_lock.py::test_what_was_suspended_comes_back_locked_and_the_passphrase_opens_it",
    ),
    _mutant(
        "it stays open while idle",
        "tui/app.py",
        "elif minutes and _now() - self._last_input >= 60 * minutes:",
        "elif False:",
        "tui/test_lock.py::test_idle_time_counts_while_the_machine_sleeps",
    ),
    _mutant(
        "a slot is added without the passphrase",
        "tui/screens/authorize.py",
        "if not await asyncio.to_thread(self._controller.slots.is_passphrase, passphrase):",
        "if False:",
        "tui/test_slots.py::test_a_wrong_passphrase_adds_nothing_and_what_was_typed_stays",
    ),
    _mutant(
        "files are for everybody to read",
        "store/disk.py",
        "        os.fchmod(fd, 0o600)\n        rest",
        "        os.fchmod(fd, 0o644)\n        rest",
        "store/test_disk.py::test_every_file_is_0600_and_every_folder_0700_whatever_the_umask",
    ),
    _mutant(
        "the umask is the user's",
        "hygiene.py",
        "os.umask(0o077)",
        "os.umask(0o022)",
        "e2e/test_terminal.py::test_all_files_and_folders_are_the_users_alone_whatever_the_umask",
    ),
    _mutant(
        "the process can be read",
        "hygiene.py",
        "prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)",
        "prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)",
        "e2e/test_terminal.py::test_each_barrier_against_cores_holds_alone",
    ),
    _mutant(
        "cores are dumped",
        "hygiene.py",
        "    resource.setrlimit(resource.RLIMIT_CORE, (0, core[1] if hands_over else 0))\n",
        "",
        "e2e/test_terminal.py::test_no_core_is_dumped",
    ),
    _mutant(
        "the toolkit logs what is typed",
        "hygiene.py",
        "        del environ[name]\n",
        "        pass\n",
        "e2e/test_terminal.py::test_variables_of_the_toolkit_are_without_effect",
    ),
    # the summary tells numbers and dates of the user's own vault, where the user wants that
    _mutant(
        "the summary names a key",
        "brief_deeds.py",
        "            told = brief.dump(summed_up(vault, clock()))\n",
        "            told = brief.dump(summed_up(vault, clock()))\n"
        "            told += ''.join(key.label for key in vault.list()).encode()\n",
        "test_brief_deeds.py::test_no_word_of_whose_keys_these_are_is_ever_in_it",
    ),
    _mutant(
        "the summary is kept unasked",
        "brief.py",
        '.get("status_cache", False)',
        '.get("status_cache", True)',
        "test_brief.py::test_it_is_wanted_where_the_settings_say_so_and_nowhere_else",
    ),
    _mutant(
        "any text is taken for a summary",
        "brief.py",
        "        if dump(brief) == raw:",
        "        if True:",
        "test_brief.py::test_anything_else_is_refused_and_nothing_of_it_told",
    ),
    _mutant(
        "a link is taken for a summary",
        "brief.py",
        "_read(path, _MAX_BYTES, os.O_NOFOLLOW)",
        "_read(path, _MAX_BYTES)",
        "test_brief.py::test_what_is_no_file_of_the_users_own_is_not_read",
    ),
    # keys go where they belong, and are asked for no oftener than they should
    _mutant(
        "requests go on after the lock",
        "providers/checker.py",
        "        run.before_send()\n",
        "        pass\n",
        "providers/test_hard_cases.py::test_no_request_follows_the_lock_not_even_for_the_next_page",
    ),
    _mutant(
        "a server that looks at no key makes it valid",
        "providers/checker.py",
        "answer.verdict is Verdict.OK and not looked_at_keys and",
        "False and",
        "providers/test_hard_cases.py::test_an_open_server_is_not_called_valid_and_its_models_are_known",
    ),
    _mutant(
        "a management key is tried on a model",
        "providers/checker.py",
        "if owner and owner.management:",
        "if False:",
        "providers/test_checker.py::test_a_management_key_is_not_sent_wherever_it_should_go",
    ),
    _mutant(
        "a key kept elsewhere is told to the account address",
        "providers/adapters.py",
        "return provider.account_url if probe.at_account and provider.is_home(target.base_url) else target.base_url",
        "return provider.account_url or target.base_url",
        "providers/test_hard_cases.py::test_only_a_key_kept_at_the_providers_own_address_is_asked_about_at_its_second_one",
    ),
    _mutant(
        "an own provider may name a second address",
        "providers/catalog.py",
        'if "account_url" in table.rest:\n        raise',
        "if False:\n        raise",
        "providers/test_own_providers.py::test_a_mistake_names_its_key_and_the_rest_still_works",
    ),
    _mutant(
        "a provider writes the query of the next page",
        "providers/listing.py",
        "quote(token, safe='')",
        "token",
        "providers/test_hard_cases.py::test_the_token_of_the_next_page_stays_one_value_of_the_query",
    ),
    _mutant(
        "a list without end is read for ever",
        "providers/checker.py",
        "for number in range(MAX_PAGES):",
        "for number in range(10**6):",
        "providers/test_hard_cases.py::test_pages_that_never_end_are_read_up_to_a_bound",
    ),
    _mutant(
        "a billing error is tried again on a schedule",
        "pace.py",
        "    if last.verdict in BILLING:\n        return False\n",
        "",
        "test_pace.py::test_a_billing_error_is_never_tried_again_by_itself",
    ),
    _mutant(
        "lists of models outlive the lock",
        "insight_deeds.py",
        "        self._listed = {}\n\n    def unlisted",
        "        pass\n\n    def unlisted",
        "test_insight_deeds.py::test_nothing_of_the_lists_is_left_after_the_lock",
    ),
    # the command line: a key goes to the command that was named, and nowhere else
    _mutant(
        "other logins may read what opens the vault",
        "store/session.py",
        "_POSSESSOR_ONLY = 0x3F000000",
        "_POSSESSOR_ONLY = 0x3F3F3F3F",
        "store/test_session.py::test_another_session_of_the_same_user_finds_nothing_and_may_not_read_the_key_by_its_number",
    ),
    _mutant(
        "a session without an end is trusted",
        "store/session.py",
        "if until <= datetime.now(UTC):",
        "if False:",
        "store/test_session.py::test_one_whose_timeout_was_never_set_counts_no_longer_than_it_said",
    ),
    _mutant(
        "the kernel keeps the vault open for ever",
        "store/session.py",
        "self._keyctl(_SET_TIMEOUT, key, lifetime_s)",
        "pass",
        "store/test_session.py::test_it_is_gone_when_its_time_is_over",
    ),
    _mutant(
        "a key that comes in two pieces is not masked",
        "cli/masking.py",
        "        first = max(at, len(data) - len(self._secrets[0]) + 1)\n",
        "        return len(data)\n",
        "cli/test_masking.py::test_a_key_that_comes_byte_by_byte_is_masked",
    ),
    _mutant(
        "a key of before stays in the environment",
        "cli/environment.py",
        "if name not in self._stale | self.keys.keys()",
        "if name not in self.keys.keys()",
        "cli/test_exec.py::test_variables_of_other_keys_are_cleared_away_and_the_rest_stays",
    ),
    _mutant(
        "a passphrase is shown while it is typed",
        "cli/prompt.py",
        "hidden[3] = before[3] & ~(termios.ECHO | termios.ECHONL) | termios.ICANON",
        "hidden[3] = before[3]",
        "cli/test_prompt.py::test_who_comes_back_from_a_suspension_is_asked_again_and_not_shown",
    ),
    _mutant(
        "the descriptor of the passphrase stays open for the command",
        "cli/prompt.py",
        "                os.close(fd)\n",
        "                pass\n",
        "cli/test_prompt.py::test_a_descriptor_is_closed_once_its_line_is_read",
    ),
    _mutant(
        "an unreachable provider lets a typo replace a key",
        "cli/editing.py",
        "if _code_of(check) and secret and not options.anyway:",
        "if _code_of(check) == Exit.TEST_FAILED and secret and not options.anyway:",
        "cli/test_editing.py::test_a_key_that_cannot_be_tested_does_not_replace_one_unless_told",
    ),
    _mutant(
        "a replaced file gets other rights",
        "plaintext/replacing.py",
        "os.fchmod(fd, stat.S_IMODE(like.st_mode))",
        "os.fchmod(fd, 0o644)",
        "plaintext/test_replacing.py::test_mode_owner_and_links_stay",
    ),
    # over a slow link
    _mutant(
        "what follows the slash in the same moment is done to the list",
        "tui/app.py",
        "if await self._begin_filter(event.key):",
        "if False:",
        "e2e/test_terminal.py::test_what_follows_the_slash_in_the_same_moment_is_filtered_by_and_deletes_nothing",
    ),
    _mutant(
        "what the terminal reports while it is given back is typed into the shell",
        "tui/driver.py",
        "while last != _I_AM:",
        "while False:",
        "e2e/test_terminal.py::test_what_the_terminal_reports_before_it_hears_is_dropped_and_what_is_typed_after_is_the_shells",
    ),
)


def sweep(folder: Path) -> Figures:
    """Every mutant lives alone in a copy of the tree until a test kills it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        fates = pool.map(lambda numbered: _fate(numbered[1], folder / str(numbered[0])), enumerate(MUTANTS))
        broken = tuple(fate for fate in fates if fate)
    return Figures(len(MUTANTS), broken, f"{len(MUTANTS) - len(broken)} of {len(MUTANTS)} caught")


def _fate(mutant: Mutant, tree: Path) -> str:
    """Empty where a test failed because of it."""
    copy_tree(tree)
    mutant.apply(tree)
    try:
        code = run_test(tree, mutant.test)
    except subprocess.TimeoutExpired:
        return ""  # it hangs: nobody would overlook that
    finally:
        shutil.rmtree(tree)
    return "" if code == 1 else f"{mutant.name}: not caught (pytest ended with {code})"


def copy_tree(tree: Path) -> None:
    for part in ("arka_tui", "tests"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)


def run_test(tree: Path, *tests: str) -> int:
    """pytest's exit code: 1 where one ran and failed. Raises: subprocess.TimeoutExpired."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--no-header", "-rN"]
    command += ["-m", "slow or not slow"]  # a variant for the slow sweep may be the one that notices
    ended = subprocess.run(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=LIMIT_S * len(tests),
        check=False,
    )
    return ended.returncode


SWEEPS = (Sweep(0, "mutants: one safety taken out", sweep),)
