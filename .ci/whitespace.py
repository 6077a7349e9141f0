"""Text files end in one line feed, and none of their lines ends in a blank or a carriage return.

    python .ci/whitespace.py            the files that git tracks
    python .ci/whitespace.py FILE ...   these

Streams and snapshots are left alone: a blank at a line's end may be what they are about.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LEFT_ALONE = re.compile(r"\.(?:sse|ambr|svg)$|^spec/examples/.*\.txt$")
BLANK_AT_THE_END = re.compile(rb"[ \t\r]$", re.MULTILINE)


def problems(name: str) -> list[str]:
    """Say what is wrong with a file, each with its line."""
    data = Path(name).read_bytes()
    if not data or b"\0" in data:
        return []
    found = [
        f"{name}:{data.count(bytes([10]), 0, blank.start()) + 1}: a blank at the end of the line"
        for blank in BLANK_AT_THE_END.finditer(data)
    ]
    if not data.endswith(b"\n") or data.endswith(b"\n\n"):
        found.append(f"{name}: does not end in one line feed")
    return found


def main(names: list[str]) -> int:
    """Check files; the exit status."""
    if not names:
        listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
        names = [name for name in listed.split("\0") if Path(name).is_file()]
    found = [problem for name in names if not LEFT_ALONE.search(name) for problem in problems(name)]
    print("\n".join(found) or f"{len(names)} files: no blanks at the ends")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
