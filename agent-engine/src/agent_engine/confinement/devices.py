"""Device nodes of a run's own, for a root worker.

Under a root worker the uid inside is the machine's root to the file system: bubblewrap's /dev/null is the machine's own
node, whose mode the agent could change for everybody. Nodes that belong to nobody leave it nothing to change.
"""

import os
import stat
from pathlib import Path

NODES = {"full": (1, 7), "null": (1, 3), "random": (1, 8), "tty": (5, 0), "urandom": (1, 9), "zero": (1, 5)}
NOBODY = 65534


def make(folder: Path) -> dict[str, Path]:
    """Make the nodes in a new folder `dev`. Gives those that can be used; a plain user can make none.

    Some containers let root make no nodes; what bubblewrap binds is then the container's own.
    """
    if os.getuid() != 0:
        return {}
    place = folder / "dev"
    place.mkdir(mode=0o700, parents=True)
    made = {}
    for name, (major, minor) in NODES.items():
        node = place / name
        try:
            os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(major, minor))
            os.chown(node, NOBODY, NOBODY)
            node.chmod(0o666)
            if name != "tty":
                os.close(os.open(node, os.O_RDONLY))
        except OSError:
            continue
        made[name] = node
    return made
