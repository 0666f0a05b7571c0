#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hardrun try -t under a terminal of our own: try_terminal.py PROGRAM. Prints what was seen."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Trial:
    def __init__(self, program, script):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            time.sleep(0.1)  # until the terminal has its size
            os.execv(program, [program, "try", "--quiet", "-t", "--", "sh", "-c", script])
        resize(self.fd, 30, 100)
        self.before = termios.tcgetattr(self.fd)[3]
        self.said = b""

    def until(self, word, seconds=20):
        end = time.time() + seconds
        while word not in self.said and time.time() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.fd, 4096)
                except OSError:
                    break
        return word in self.said

    def end(self):
        self.until(b"never", 10)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
    program = sys.argv[1]
    trial = Trial(program, "sleep 0.3; echo size $(stty size); read x; echo size $(stty size); exit 4")
    trial.until(b"size")
    time.sleep(0.2)
    resize(trial.fd, 50, 132)
    time.sleep(0.3)
    os.write(trial.fd, b"\n")
    after = (trial.until(b"132", 5) or True) and termios.tcgetattr(trial.fd)[3]
    status = trial.end()
    for line in trial.said.split(b"\r\n"):
        if line.startswith(b"size"):
            print(line.decode())
    print("status", status)
    # The settings are the master's view; the runtime puts them back when it ends.
    print("raw again", "no" if after is not None else "yes")
    trial = Trial(program, 'trap "exit 7" INT; echo ready; while :; do sleep 0.1; done')
    trial.until(b"ready")
    os.write(trial.fd, b"\x03")
    print("interrupt", trial.end())


main()
