"""The command line: argv to settings, settings to a run, a run to an exit code.

The only room that reads settings and prints. stdout carries results, stderr progress and logs.
"""

import gc

# While modules are loaded nothing becomes garbage, and looking for some takes a tenth of the time.
gc.disable()

from bulkpub.cli.app import main  # noqa: E402 - see above

gc.freeze()
gc.enable()

__all__ = ["main"]
