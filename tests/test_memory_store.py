"""The fake keeps the promises of the real one."""

import pytest

from arka_tui.store import Store
from tests.memory_store import MemoryStore
from tests.store.contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
