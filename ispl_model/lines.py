"""Facts written down as they come about: one JSON object a line, whole lines only."""

import json
import os
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError


class Lines:
    """The objects of a file in order, in `values`; `append` adds one, on disk before it returns.

    A last line that a stopped program left without its end is dropped. Raises InputError for a file that cannot be
    written, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise self._refused(error) from error
        self._file.seek(0)
        *whole, torn = self._file.read().split(b"\n")
        self._file.truncate(self._file.tell() - len(torn))
        self.values = [self._parse(number, line) for number, line in enumerate(whole, start=1)]

    def append(self, value: dict[str, Any]) -> None:
        """Write one object."""
        try:
            self._file.write((json.dumps(value, allow_nan=False, ensure_ascii=False) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._refused(error) from error
        self.values.append(value)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InputError(f"{self.path}: line {number} is not JSON ({error}); remove the file") from error
        if not isinstance(value, dict):
            raise InputError(f"{self.path}: line {number} is not a JSON object; remove the file")
        return value

    def _refused(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror or error})")
