"""A program that is killed by tests: a session that makes and removes containers, volumes and images until it is
cancelled. Arguments: the engine's address, an image."""

from __future__ import annotations

import io
import sys

from aiaudit.boot.engine import connect
from aiaudit.boot.session import Session
from aiaudit.boot.world import Specification


def main(address: str, image: str) -> None:
    """Work until the end is asked for; tell by whom and what was left."""
    with Session(connect(address or None)) as session:
        _tell("begun")
        while not session.cancelled:
            holder = session.create(Specification(image, "watcher", "holder", command=("sleep", "60"), stdin=True))
            holder.start()
            network = f"container:{holder.id}"
            target = session.create(
                Specification(image, "target", "target", network=network, command=("sleep", "60"), files={"/x": b"y"})
            )
            session.client.api.create_volume(labels=dict(session.labels))
            labels = " ".join(f'"{name}"="{value}"' for name, value in session.labels.items())
            # in the file, so that what a build that is broken off leaves carries them too
            dockerfile = io.BytesIO(f"FROM {image}\nLABEL {labels}\nENV X={target.id}\n".encode())
            session.client.images.build(fileobj=dockerfile, rm=True, forcerm=True)
            target.start()
            target.exit(0.1)
            holder.remove()
            target.remove()
    _tell(f"{session.cancelled_by} {session.leftovers}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
