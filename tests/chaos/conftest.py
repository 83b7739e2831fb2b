"""The real portal of the contract tests, for kills."""

from tests.contract.conftest import real_portal_info

__all__ = ["real_portal_info"]
