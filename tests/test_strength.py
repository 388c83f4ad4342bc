import pytest

from arka_tui.secret import Secret
from arka_tui.strength import estimate


@pytest.mark.parametrize(
    ("passphrase", "word"),
    [
        ("short", "too short"),
        ("password123", "weak"),
        ("Correct horse, battery staple!", "weak"),
        ("vapor Gleam-otter 27 basalt quill", "strong"),
    ],
)
def test_a_passphrase_is_as_strong_as_it_is_hard_to_guess_and_what_everybody_knows_is_weak(
    passphrase: str, word: str
) -> None:
    assert estimate(Secret(passphrase)).word == word
