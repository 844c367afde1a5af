"""Runs a command on a pseudo terminal of 33 lines and 101 columns, as its session's leader.

What comes on standard input is typed there; what the terminal shows goes to standard output.
SIGUSR1 makes the terminal 50 lines of 132 columns. Ends with the command's status, or with 128 and
the number of the signal that ended it.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, lines, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


child, terminal = pty.fork()
if child == 0:
    resize(0, 33, 101)
    os.execvp(sys.argv[1], sys.argv[1:])

signal.signal(signal.SIGUSR1, lambda *_: resize(terminal, 50, 132))
sources = [terminal, 0]
while terminal in sources:
    for ready in select.select(sources, [], [])[0]:
        try:
            data = os.read(ready, 4096)
        except OSError:  # EIO: nobody has the terminal open any longer
            data = b""
        if not data:
            sources.remove(ready)
        elif ready == terminal:
            os.write(1, data)
        else:
            os.write(terminal, data)

status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
