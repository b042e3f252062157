"""The command `medialib` of an installed wheel, and `python -m medialib`: manage.py by another name.

A wheel keeps what stands beside this package in the repository (config, templates, static, locale, manage.py) in
medialib/_site, so that no folder with so common a name comes to stand among other people's packages.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent / "_site"


def main() -> None:
    root = SITE if SITE.is_dir() else SITE.parents[1]
    sys.path.insert(0, str(root))
    runpy.run_path(str(root / "manage.py"), run_name="__main__")


if __name__ == "__main__":
    main()
