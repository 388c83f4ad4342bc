"""Where files live. `ARKA_HOME` moves them all."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

APP = "arka-tui"


class Paths(NamedTuple):
    """Nothing is created here; each owner makes its folder when it first writes.

    No dataclass: those take long to import, and `status --brief` runs at each prompt.
    """

    data: Path
    """The vault, its mirror, lock and journal."""
    state: Path
    """The high-water mark: apart from the vault, so that a copied vault does not bring its own. And the summary."""
    config: Path

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> "Paths":
        if home := environ.get("ARKA_HOME"):
            root = Path(home).expanduser().absolute()
            return cls.under(root)
        import platformdirs

        dirs = platformdirs.PlatformDirs(APP, appauthor=False)
        return cls(data=dirs.user_data_path, state=dirs.user_state_path, config=dirs.user_config_path)

    @classmethod
    def under(cls, root: Path) -> "Paths":
        return cls(data=root / "data", state=root / "state", config=root / "config")

    @property
    def vault(self) -> Path:
        return self.data / "store.toml"

    @property
    def high_water(self) -> Path:
        return self.state / "seen.json"

    @property
    def brief(self) -> Path:
        """What is told of the vault while it is locked, where the user wants that."""
        return self.state / "brief.json"

    @property
    def settings(self) -> Path:
        return self.config / "config.toml"

    @property
    def providers(self) -> Path:
        """The user's own providers."""
        return self.config / "providers.toml"

    @property
    def picks(self) -> Path:
        """The user's own rules of what to pick for a task."""
        return self.config / "picks.toml"
