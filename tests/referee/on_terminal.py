#!/usr/bin/env python3
"""Runs a program on a pseudo-terminal, as a person at a keyboard would, and types one line.

    on_terminal.py LINE PROGRAM ARGUMENT...

Prints what the terminal showed and exits with the program's code.
"""

import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
# The terminal keeps the line until the program asks for it.
os.write(terminal, sys.argv[1].encode() + b"\n")
shown = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side has closed.
        break
    if not part:
        break
    shown += part
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status))
