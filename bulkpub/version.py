"""The version, from the installed package's metadata: written once, in pyproject.toml."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("bulkpub")
