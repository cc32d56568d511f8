"""What the user gave is wrong: one sentence with what, expected, got, remedy."""

import difflib
import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"(?: at)? 0x[0-9a-fA-F]{6,}")
# What moves a terminal's cursor, ends a line or turns the order of letters, and halves of characters.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """A line for the terminal: control characters, line ends and bytes that are not UTF-8, as names hold them, escaped.

    >>> print(shown("a\\x1b[2J\\n.png"), shown("caf\\udce9"))
    a\\x1b[2J\\x0a.png caf\\xe9
    """
    return _UNSEEN.sub(lambda found: _escape(ord(found[0])), text)


def _escape(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


_MOST = 300  # letters of what code from outside says


def cut(text: str) -> str:
    """What code from outside says, brought to one line of at most 300 letters.

    >>> cut("torn\\n  at 7"), cut("x" * 3000)[-8:]
    ('torn at 7', 'xxxx ...')
    """
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]} ..."


_NO_MEMORY = re.compile("out of memory|ALLOC_FAILED")  # in the words of CUDA, cuBLAS, cuDNN and MPS
_NO_RAM = "can't allocate memory"  # in those of torch on a processor


class InputError(Exception):
    """A file, name or option of the user's is wrong. Commands print it as one line and exit 2.

    Several arguments are several lines; what would move the cursor or end a line inside one is escaped.
    Faults of a caller in code stay ValueError or TypeError and keep their traceback.
    """

    def __init__(self, *lines: str) -> None:
        own = [part for line in lines for part in _without_traceback(type(self), line)]
        super().__init__(*map(without_addresses, own))

    def __str__(self) -> str:
        return "\n".join(map(shown, self.args))


def _without_traceback(kind: type, text: str) -> list[str]:
    """The lines of an error that torch raises again out of a worker of a DataLoader, else the text as it is.

    torch makes a new error of the same class, whose text is "Caught ... Original Traceback ..." down to those lines.
    """
    mark = f"\n{kind.__module__}.{kind.__qualname__}: "
    if not text.startswith("Caught ") or mark not in text:
        return [text]
    return text.rpartition(mark)[2].rstrip("\n").split("\n")


class Failed(InputError):
    """The request was right, but some of its images or scores failed; the rest is there. Commands exit 1."""


def without_addresses(text: str) -> str:
    """A library's words without places in memory, so that one reason reads alike for every image.

    >>> without_addresses("cannot identify image file <_io.BytesIO object at 0x7f12ab34cd56>")
    'cannot identify image file <_io.BytesIO object>'
    """
    return _ADDRESS.sub("", text)


def out_of_memory(error: BaseException) -> InputError | None:
    """What to say of an error by which a graphics card or torch has too little memory; None for any other error.

    It is known by its words, as its classes are torch's, which nothing here imports.
    """
    if not isinstance(error, RuntimeError):
        return None
    if _NO_RAM in str(error):
        return InputError("this machine has too little free memory; take smaller images")
    if not _NO_MEMORY.search(str(error)):
        return None
    return InputError("the graphics card has too little free memory; use --device cpu")


def unknown(kind: str, name: object, known: Iterable[str]) -> InputError:
    """An error for a name that is not known, naming the nearest one that is.

    >>> str(unknown("recipe", "denose", ["denoise", "jpeg"]))
    "unknown recipe 'denose'; did you mean 'denoise'? Known: denoise, jpeg"
    """
    names = sorted(known)
    folded = {candidate.lower(): candidate for candidate in names}
    near = difflib.get_close_matches(str(name).lower(), folded, n=1, cutoff=0.5)
    hint = f"; did you mean '{folded[near[0]]}'?" if near else "."
    return InputError(f"unknown {kind} '{name}'{hint} Known: {', '.join(names)}")
