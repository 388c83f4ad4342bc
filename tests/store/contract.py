"""What every `Store` does. Subclass it with a fixture `store`, empty and open, and all of it runs against yours."""

import unicodedata
from dataclasses import replace

import pytest

from arka_tui.credential import Credential, Draft
from arka_tui.errors import Conflict, CredentialNotFound, NameTaken, UsageError
from arka_tui.secret import Secret
from arka_tui.store import Saved, Store
from tests.conftest import draft

OLD = "sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaa-old1"
NEW = "sk-proj-bbbbbbbbbbbbbbbbbbbbbbbbbbbb-new2"
UNUSABLE = {
    "empty": "",
    "seven characters": "sk-1234",
    "4,097 characters": "k" * 4097,
    "a space inside": "sk-proj-aaaa aaaa",
    "a line end": "sk-proj-aaaaaaaa\n",
    "a control character": "sk-proj-aaaa\x1b[2J",
    "a letter outside ASCII": "sk-proj-aaaaaaаa",
}

unusable_secrets = pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE.keys())


def edited(credential: Credential, secret: str | None = None, **changes: str) -> Draft:
    """The draft that an editor hands back after these changes; without `secret` the stored one is kept."""
    kept = Draft(credential.provider, credential.label, credential.base_url, credential.settings)
    return replace(kept, secret=None if secret is None else Secret(secret), **changes)  # type: ignore[arg-type]


def names(store: Store) -> list[str]:
    return [credential.name for credential in store.list()]


class StoreContract:
    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError("a subclass gives an empty, open store")

    # ------------------------------------------------------------------ list, get, secret

    def test_a_new_store_lists_nothing(self, store: Store) -> None:
        assert store.list() == ()

    def test_credentials_are_listed_in_the_order_they_were_added(self, store: Store) -> None:
        for name in ("openai/work", "anthropic/zoo", "openai/ci", "anthropic/able"):
            store.add(draft(name))
        assert names(store) == ["openai/work", "anthropic/zoo", "openai/ci", "anthropic/able"]

    def test_what_add_returns_is_what_list_and_get_show(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work"))
        assert store.list() == (added,)
        assert store.get("openai/work") == added

    def test_an_added_credential_shows_what_was_typed_for_it(self, store: Store) -> None:
        settings = (("project", "proj-1"), ("organization", "org-1"))
        typed = Draft("openai", "work", "https://api.openai.example:8443/v1", settings, Secret(OLD))
        added, _ = store.add(typed)
        assert (added.provider, added.label, added.name) == ("openai", "work", "openai/work")
        assert added.base_url == "https://api.openai.example:8443/v1"
        assert added.origin == "https://api.openai.example:8443"
        assert added.settings == (("organization", "org-1"), ("project", "proj-1"))
        assert added.hint == "old1"
        assert added.rev == 1
        assert added.created_at == added.updated_at
        assert added.created_at.tzinfo is not None

    def test_every_credential_has_an_id_of_its_own(self, store: Store) -> None:
        ids = {store.add(draft(f"openai/{label}"))[0].id for label in ("a", "b", "c")}
        assert len(ids) == 3

    def test_a_secret_comes_back_exactly_as_it_was_added(self, store: Store) -> None:
        longest = "".join(chr(33 + i % 94) for i in range(4096))
        store.add(draft("openai/short", "12345678"))
        store.add(draft("openai/long", longest))
        assert store.secret("openai/short").reveal() == "12345678"
        assert store.secret("openai/long").reveal() == longest

    def test_a_secret_too_short_to_spare_four_characters_has_no_hint(self, store: Store) -> None:
        assert store.add(draft("openai/short", "k" * 19))[0].hint == ""
        assert store.add(draft("openai/longer", "k" * 16 + "last"))[0].hint == "last"

    def test_a_credential_shows_nothing_of_its_secret_but_the_hint(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        assert "aaaa" not in repr(added)
        assert OLD not in repr(store.list())

    def test_a_name_is_found_in_any_case_and_with_accents_composed_or_not(self, store: Store) -> None:
        added, _ = store.add(draft("openai/café", OLD))
        for spelling in ("OpenAI/CAFÉ", unicodedata.normalize("NFD", "openai/café")):
            assert store.get(spelling) == added
            assert store.secret(spelling) == Secret(OLD)

    def test_an_unknown_name_is_said_with_the_nearest_known_one(self, store: Store) -> None:
        store.add(draft("openai/work"))
        store.add(draft("anthropic/ci"))
        for look in (store.get, store.secret):
            with pytest.raises(CredentialNotFound, match="'openai/wrok'") as caught:
                look("openai/wrok")
            assert caught.value.hint == "did you mean 'openai/work'?"

    def test_an_unknown_name_that_resembles_none_gets_no_guess(self, store: Store) -> None:
        store.add(draft("openai/work"))
        with pytest.raises(CredentialNotFound) as caught:
            store.get("zzz/qqq")
        assert caught.value.hint == ""

    # ------------------------------------------------------------------ add

    def test_a_change_that_went_well_is_saved_and_complete(self, store: Store) -> None:
        added, saved = store.add(draft("openai/work"))
        assert saved == Saved()
        updated, saved = store.update(added, edited(added, label="home"))
        assert saved == Saved()
        assert store.remove([updated]) == Saved()

    @pytest.mark.parametrize("taken", ["openai/café", "OpenAI/Café", "openai/CAFÉ", "openai/cafe\u0301"])
    def test_a_name_that_only_differs_in_case_or_composition_is_taken(self, store: Store, taken: str) -> None:
        store.add(draft("openai/café", OLD))
        before = store.list()
        with pytest.raises(NameTaken, match="there is a key named"):
            store.add(draft(taken, NEW))
        assert store.list() == before
        assert store.secret("openai/café") == Secret(OLD)

    def test_the_same_label_under_another_provider_is_another_name(self, store: Store) -> None:
        store.add(draft("openai/work"))
        store.add(draft("anthropic/work"))
        assert names(store) == ["openai/work", "anthropic/work"]

    def test_a_draft_without_a_secret_is_not_added(self, store: Store) -> None:
        with pytest.raises(UsageError, match="no key"):
            store.add(replace(draft("openai/work"), secret=None))
        assert store.list() == ()

    @unusable_secrets
    def test_an_unusable_secret_is_not_added_and_not_quoted(self, store: Store, unusable: str) -> None:
        with pytest.raises(UsageError) as caught:
            store.add(draft("openai/work", unusable))
        assert not unusable or unusable not in f"{caught.value} {caught.value.hint}"
        assert store.list() == ()

    def test_several_are_added_in_their_order(self, store: Store) -> None:
        store.add(draft("openai/work"))
        added, saved = store.add_all([draft("openai/ci"), draft("anthropic/work", NEW)])
        assert saved == Saved()
        assert store.list()[1:] == added
        assert names(store) == ["openai/work", "openai/ci", "anthropic/work"]
        assert store.secret("anthropic/work") == Secret(NEW)

    @pytest.mark.parametrize(
        "bad",
        [draft("openai/WORK"), draft("openai/CI"), draft("openai/late", "two words"), replace(draft(), secret=None)],
        ids=["a name that is taken", "a name twice", "an unusable secret", "no secret"],
    )
    def test_all_are_added_or_none(self, store: Store, bad: Draft) -> None:
        store.add(draft("openai/work"))
        with pytest.raises((NameTaken, UsageError)):
            store.add_all([draft("openai/ci"), bad, draft("openai/last")])
        assert names(store) == ["openai/work"]

    # ------------------------------------------------------------------ update

    def test_an_update_keeps_identity_birth_and_place_and_raises_the_rev(self, store: Store) -> None:
        first, _ = store.add(draft("openai/one"))
        store.add(draft("openai/two"))
        updated, _ = store.update(first, edited(first, NEW, label="uno"))
        assert (updated.id, updated.created_at, updated.rev) == (first.id, first.created_at, first.rev + 1)
        assert store.get("openai/uno") == updated
        assert names(store) == ["openai/uno", "openai/two"]

    def test_a_renamed_credential_is_no_longer_found_by_its_old_name(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work"))
        store.update(added, edited(added, label="home"))
        with pytest.raises(CredentialNotFound):
            store.get("openai/work")

    def test_a_new_secret_replaces_the_old_one_and_the_hint_follows(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        updated, _ = store.update(added, edited(added, NEW))
        assert store.secret("openai/work").reveal() == NEW
        assert (added.hint, updated.hint) == ("old1", "new2")

    def test_an_edit_of_what_is_shown_keeps_the_secret_and_its_hint(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        change = replace(edited(added, label="home", base_url=f"{added.base_url}/beta"), settings=(("project", "p"),))
        updated, _ = store.update(added, change)
        assert (updated.label, updated.hint, updated.settings) == ("home", "old1", (("project", "p"),))
        assert updated.base_url == "https://api.openai.example/v1/beta"
        assert store.secret("openai/home").reveal() == OLD

    def test_a_secret_survives_many_edits_of_what_is_shown(self, store: Store) -> None:
        credential, _ = store.add(draft("openai/work", OLD))
        for label in ("a", "b", "c"):
            credential, _ = store.update(credential, edited(credential, label=label))
        assert credential.rev == 4
        assert store.secret("openai/c").reveal() == OLD

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"base_url": "https://evil.example/v1"},
            {"base_url": "https://api.openai.example:8443/v1"},
            {"base_url": "http://api.openai.example/v1"},
            {"provider": "anthropic"},
        ],
        ids=["host", "port", "scheme", "provider"],
    )
    def test_a_stored_secret_does_not_move_to_another_address(self, store: Store, elsewhere: dict[str, str]) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        with pytest.raises(UsageError, match="bound to its provider and address") as caught:
            store.update(added, edited(added, **elsewhere))
        assert "paste the key again" in caught.value.hint
        assert store.list() == (added,)

        moved, _ = store.update(added, edited(added, NEW, **elsewhere))
        assert store.secret(moved.name).reveal() == NEW

    def test_a_default_port_said_or_unsaid_is_the_same_address(self, store: Store) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        updated, _ = store.update(added, edited(added, base_url="https://api.openai.example:443/v1"))
        assert store.secret(updated.name).reveal() == OLD

    def test_a_name_may_change_its_case_but_not_become_another_ones(self, store: Store) -> None:
        one, _ = store.add(draft("openai/one"))
        store.add(draft("openai/two"))
        with pytest.raises(NameTaken):
            store.update(one, edited(one, label="TWO"))
        assert names(store) == ["openai/one", "openai/two"]
        store.update(one, edited(one, label="ONE"))
        assert names(store) == ["openai/ONE", "openai/two"]

    def test_an_update_of_what_changed_since_it_was_looked_at_is_a_conflict(self, store: Store) -> None:
        seen, _ = store.add(draft("openai/work", OLD))
        newest, _ = store.update(seen, edited(seen, label="home"))
        with pytest.raises(Conflict, match="'openai/work' was changed"):
            store.update(seen, edited(seen, NEW, label="mine"))
        assert store.list() == (newest,)
        assert store.secret("openai/home").reveal() == OLD

    def test_what_was_deleted_cannot_be_updated(self, store: Store) -> None:
        seen, _ = store.add(draft("openai/work"))
        store.remove([seen])
        with pytest.raises(CredentialNotFound, match="'openai/work' was deleted"):
            store.update(seen, edited(seen, NEW))
        assert store.list() == ()

    @unusable_secrets
    def test_an_unusable_secret_does_not_replace_the_stored_one(self, store: Store, unusable: str) -> None:
        added, _ = store.add(draft("openai/work", OLD))
        with pytest.raises(UsageError) as caught:
            store.update(added, edited(added, unusable, label="home"))
        assert not unusable or unusable not in f"{caught.value} {caught.value.hint}"
        assert store.list() == (added,)
        assert store.secret("openai/work").reveal() == OLD

    # ------------------------------------------------------------------ remove

    def test_what_was_removed_is_gone_and_the_rest_stays(self, store: Store) -> None:
        one, two, three = (store.add(draft(f"openai/{label}", f"{OLD}-{label}"))[0] for label in ("1", "2", "3"))
        store.remove([one, three])
        assert store.list() == (two,)
        assert store.secret("openai/2").reveal() == f"{OLD}-2"
        with pytest.raises(CredentialNotFound):
            store.secret("openai/1")

    def test_the_name_of_a_removed_credential_is_free_again(self, store: Store) -> None:
        old, _ = store.add(draft("openai/work", OLD))
        store.remove([old])
        new, _ = store.add(draft("openai/work", NEW))
        assert new.id != old.id
        assert store.secret("openai/work").reveal() == NEW

    def test_what_is_gone_already_counts_as_removed(self, store: Store) -> None:
        one, two = (store.add(draft(f"openai/{label}"))[0] for label in ("1", "2"))
        store.remove([one])
        assert store.remove([one, two]) == Saved()
        assert store.list() == ()

    def test_all_are_removed_or_none(self, store: Store) -> None:
        untouched, _ = store.add(draft("openai/1"))
        seen, _ = store.add(draft("openai/2"))
        newest, _ = store.update(seen, edited(seen, label="two"))
        with pytest.raises(Conflict):
            store.remove([untouched, seen])
        assert store.list() == (untouched, newest)
