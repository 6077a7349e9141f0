"""`python -m mimo_proto`: the command line, see `mimo_proto.cli.main`."""

from __future__ import annotations

import sys

from mimo_proto.cli.main import main

__all__: list[str] = []

sys.exit(main())
