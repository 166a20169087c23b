"""How long a request to a server that fails is made again, and who is told that it is.

One for the whole program, as its servers are: a server that one file has waited for in vain is not
waited for again by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Patience:
    """Seconds after a first failure, and what takes a text for the user."""

    seconds: float = 30.0
    told: Callable[[str], None] = lambda text: None
    silent: set[str] = field(default_factory=set)  # servers that were waited for in vain

    def with_server(self, server: str) -> float:
        """Return how many seconds to wait for a server."""
        return 0.0 if server in self.silent else self.seconds


PATIENCE = Patience()
