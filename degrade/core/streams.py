"""The three standard streams of a program that was started without one of them, as daemons and `>&-` start programs."""

import os
import sys


def open_streams() -> None:
    """The null device for each standard stream that is closed, for this process and those that it starts.

    Python has None there, at which loky and tqdm fail, and the next file that is opened would get the stream's number,
    under which libraries in C print. In the order of their numbers, as each takes the lowest that is free.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
