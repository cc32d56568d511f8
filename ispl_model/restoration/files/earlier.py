"""What an earlier run left under the name of a result: kept, finished, or of another request, which is not replaced."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.storage.files import sha256
from degrade.core.storage.paths import kind_of, read_bytes
from ispl_model.restoration.files.plan import RestorePlan

REMEDY = "give another folder, or --overwrite to replace it"


@dataclass(frozen=True)
class Earlier:
    """line: the last one of that name in the record. made_by: what the new request's line would say."""

    line: dict[str, Any]
    made_by: dict[str, Any]

    def is_kept(self, out: Path, plan: RestorePlan, digest: str) -> bool:
        """Whether the result is there, whole, with all that is asked for beside it; digest: SHA-256 of its image.

        Raises InputError where the file that is there was made by another request and may not be replaced.
        """
        target, saved = out / self.line["file_name"], self.line.get("saved", {})
        if kind_of(target) != "file":
            return False
        if other := self._other(digest):
            if plan.overwrite:
                return False
            raise InputError(f"{target}: is there, made with another {other}; {REMEDY}")
        beside = (out / name for names in saved.values() for name in names)
        if not set(plan.saved) <= set(saved) or any(kind_of(path) != "file" for path in beside):
            return False
        return self.line.get("sha256") == sha256(read_bytes(target))

    def _other(self, digest: str) -> str:
        """What the two requests differ in, "" for nothing."""
        before = {"image": self.line.get("source_sha256"), **self.line.get("made_by", {})}
        now = {"image": digest, **self.made_by}
        return ", ".join(name for name in now | before if before.get(name) != now.get(name))


def check_own(target: Path, data: bytes, made: str | None = None) -> None:
    """Raise InputError where writing `data` would replace anything but its own beginning, as a broken copy leaves it.

    made: hash of what may be replaced too.
    """
    if target.exists():
        there = read_bytes(target)
        if sha256(there) != made and not data.startswith(there):
            raise InputError(f"{target}: is there and is not what would be made now; {REMEDY}")
