"""Videos and GIFs, moving or still, are not read: what to do with them, in a sentence."""

from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.listing import list_folder
from degrade.core.storage.paths import say_once

_UNREAD = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".gif")


def check_no_video(path: Path) -> None:
    """Raise InputError for a video or a GIF."""
    if path.suffix.lower() in _UNREAD:
        raise InputError(f"{path}: videos and GIFs are not read; {_remedy(path.name)}")


def tell_videos(folder: Path) -> None:
    """Say on stderr which videos and GIFs of a folder are left alone."""
    unread = [path for path in list_folder(folder).others if path.suffix.lower() in _UNREAD]
    if unread:
        others = f" and {len(unread) - 1} others" if len(unread) > 1 else ""
        say_once(f"{unread[0]}{others}: left alone, as videos and GIFs are not read; {_remedy(unread[0].name)}")


def _remedy(name: str) -> str:
    return f"take its frames out with: ffmpeg -i {name} frames/%06d.png, and restore the folder frames"
