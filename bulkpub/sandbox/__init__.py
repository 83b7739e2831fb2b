"""An embedded portal that behaves as a real udata does, traps included.

For demonstrations, tests and trying a manifest out: no network, no account, nothing to install.
It shares names and errors with the publisher, and nothing else, so that it cannot repeat the
publisher's misunderstandings; `tests/contract` holds it to a real udata.
"""

from bulkpub.sandbox.app import Interceptor, Seen
from bulkpub.sandbox.server import Sandbox
from bulkpub.sandbox.settings import SandboxSettings

__all__ = ["Interceptor", "Sandbox", "SandboxSettings", "Seen"]
