#!/usr/bin/env python
"""Django's command line, with medialib's commands beside its own."""

import os
import sys

# These run until they are stopped, so their log is what an operator watches.
LONG_RUNNING = {"demo", "runsandbox", "runserver", "runweb", "runworker"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not LONG_RUNNING.intersection(sys.argv[1:2]):
        os.environ.setdefault("LOG_LEVEL", "ERROR")  # A command's standard error holds its one clear sentence.
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
