"""Patroni as it is installed, with one thing added: where the file named by STALL_AT exists, it stands still at its worst
place, after it has read that it leads and before it writes that it still does. The file is renamed when it does."""
import os
import signal
import sys

from patroni.dcs.etcd import Etcd
from patroni.dcs.etcd3 import Etcd3

flag = os.environ.get("STALL_AT", "")


def stalling(update_leader):
    def update(self, *words, **named):
        try:
            os.rename(flag, flag + ".reached")
        except FileNotFoundError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGSTOP)
        return update_leader(self, *words, **named)

    return update


for place in (Etcd, Etcd3):
    place._update_leader = stalling(place._update_leader)

# PostgreSQL is started from a second interpreter, which reads this file as well.
if __name__ == "__main__":
    from patroni.__main__ import main

    sys.argv[0] = "patroni"
    sys.exit(main())
