"""`python -m tests.docker start|status|stop|remove`: the engine that the Docker tests use."""

from __future__ import annotations

import sys

from tests.docker import engine as engines
from tests.docker.base_images import SLIM, ensure
from tests.docker.commands import Unavailable


def main(action: str) -> int:
    """Do one thing; 0 when it is done, 1 when it cannot be, 2 for an unknown action."""
    try:
        if action == "start":
            engine = engines.start()
            ensure(engine, *SLIM)
            sys.stdout.write(f"ready: {engine.address or 'the engine that runs'}\n")
        elif action == "status":
            found = engines.running_engine()
            sys.stdout.write(f"running: {found.address or 'at the usual place'}\n" if found else "none\n")
            return 0 if found else 1
        elif action == "stop":
            engines.stop()
        elif action == "remove":
            engines.remove()
        else:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or [""]))
