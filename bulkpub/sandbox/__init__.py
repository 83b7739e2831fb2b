"""An embedded portal that behaves as a real udata does, traps included.

For demonstrations, tests and trying a manifest out: no network, no account, nothing to install.
It shares names and errors with the publisher, and nothing else, so that it cannot repeat the
publisher's misunderstandings; `tests/contract` holds it to a real udata.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkpub.sandbox.app import Interceptor, Seen
    from bulkpub.sandbox.server import Sandbox
    from bulkpub.sandbox.settings import SandboxSettings

__all__ = ["Interceptor", "Sandbox", "SandboxSettings", "Seen"]

_HOMES = {"Interceptor": "app", "Sandbox": "server", "SandboxSettings": "settings", "Seen": "app"}


def __getattr__(name: str) -> object:
    """Load what is asked for only then: a server takes a third of a second, a run needs none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
