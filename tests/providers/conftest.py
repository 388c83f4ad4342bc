"""One certificate authority, for no server here has a public certificate: to load the world's takes 30 ms a test."""

from collections.abc import Iterator

import pytest

from tests.attack.certificates import authority_for


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    stranger = authority_for(tmp_path_factory.mktemp("world"), "world.test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certifi.where", lambda: str(stranger.certificate))
        yield
