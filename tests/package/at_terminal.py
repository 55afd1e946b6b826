"""Runs a command at a terminal and types: at_terminal.py COMMAND [QUESTION ANSWER]...

Each answer is typed when the terminal shows its question; one to a question that ends with "!" (which
is not shown) when the terminal has stopped to show what is typed. What it shows goes to standard output; the
exit status is that of the command.
"""

import os
import pty
import sys
import termios
import time

command, rest = sys.argv[1], sys.argv[2:]
waiting = list(zip(rest[::2], rest[1::2]))
child, terminal = pty.fork()
if child == 0:
    os.execvp("sh", ["sh", "-ec", command])
shown = ""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # Nobody has the terminal open any more.
        break
    if not piece:
        break
    text = piece.decode(errors="replace")
    sys.stdout.write(text)
    shown += text
    if waiting and waiting[0][0].rstrip("!") in shown:
        question, answer = waiting.pop(0)
        shown = ""
        while question.endswith("!") and termios.tcgetattr(terminal)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(terminal, answer.encode() + b"\n")
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(f"never asked: {waiting}" if waiting else status)
