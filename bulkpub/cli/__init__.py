"""The command line: argv to settings, settings to a run, a run to an exit code.

The only room that reads settings and prints. stdout carries results, stderr progress and logs.
"""

from bulkpub.cli.app import main

__all__ = ["main"]
