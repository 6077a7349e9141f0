"""Send what Schemathesis makes of spec/dist/openapi.json to a LoopbackServer; the exit status is Schemathesis's.

Held: no 5xx, every status and content type is declared, replies are as their schemas say, and an undeclared method is
a 405 with `Allow`. Not held: that all that is valid by the schemas is taken; no schema knows which models there are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mimo_proto.testing import LoopbackServer

OPENAPI = Path(__file__).parents[1] / "spec/dist/openapi.json"


def main() -> int:
    """Run Schemathesis, from the environment that this runs in."""
    description = json.loads(OPENAPI.read_text("utf-8"))
    for content in contents(description["paths"]):
        # Schemathesis holds each event to the schema of the whole stream, which is that of a string.
        content.get("text/event-stream", {}).pop("schema", None)
    with TemporaryDirectory() as directory, LoopbackServer() as server:
        path = Path(directory, "openapi.json")
        path.write_text(json.dumps(description), "utf-8")
        options = ["--url", server.base_url, "--header", f"Authorization: Bearer {server.api_key}", "--seed", "1"]
        checks = ["--exclude-checks", "positive_data_acceptance", "--max-examples", "100"]
        tool = Path(sys.executable).with_name("schemathesis")
        return subprocess.run([tool, "run", path, *options, *checks], cwd=directory, check=False).returncode


def contents(value: Any) -> list[dict[str, Any]]:
    """All that stands under `content` in a description."""
    if isinstance(value, list):
        return [found for element in value for found in contents(element)]
    if not isinstance(value, dict):
        return []
    own = [value["content"]] if "content" in value else []
    return own + [found for element in value.values() for found in contents(element)]


if __name__ == "__main__":
    sys.exit(main())
