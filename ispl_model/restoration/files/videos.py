"""Files that move are no photographs: what to do with them, in a sentence."""

from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.listing import list_folder
from degrade.core.storage.paths import say_once

_MOVING = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".gif")


def check_no_video(path: Path) -> None:
    """Raise InputError for a video or a GIF."""
    if path.suffix.lower() in _MOVING:
        raise InputError(f"{path}: is a video or an animation; {_remedy(path.name)}")


def tell_videos(folder: Path) -> None:
    """Say on stderr which files of a folder are left alone, as they move."""
    moving = [path for path in list_folder(folder).others if path.suffix.lower() in _MOVING]
    if moving:
        others = f" and {len(moving) - 1} others move" if len(moving) > 1 else " moves"
        say_once(f"{moving[0]}{others}, and no frame of it is restored; {_remedy(moving[0].name)}")


def _remedy(name: str) -> str:
    return f"take its frames out with: ffmpeg -i {name} frames/%06d.png, and restore the folder frames"
