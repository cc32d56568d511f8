"""Pages that any browser opens from any disk: script and style inside, and a policy that allows nothing else.

static/ holds what every page shares: base.css, elements.js, and picture.js with its stage of linked pictures.
"""

import base64
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.packages import needed_for
from degrade.core.storage.files import UNFINISHED, write_bytes

_SHARED = "degrade.core"
_NEEDING = "a page"


@dataclass(frozen=True)
class PageParts:
    """A template of a package, with the files of its static/ that come after the shared ones, in that order."""

    package: str
    template: str
    style: str
    scripts: Sequence[str]


@contextmanager
def page_beside(folder: Path, maker: str, pictures: str = "images") -> Iterator[Path]:
    """A folder to write a page to, index.html and pictures/; when the block ends, it stands in `folder`.

    An earlier page by the same maker and its pictures stay until then, and altogether where the block fails.
    maker: with what the content of its meta element `generator` begins. Raises InputError where an index.html or
    pictures lie that are not such a page's, so that nobody's files are lost, and without jinja2.
    """
    with needed_for(_NEEDING):
        import jinja2  # noqa: F401 - render needs it, and nothing is written without it
    page, beside = folder / "index.html", folder / f"{UNFINISHED}page"
    mark = f'<meta name="generator" content="{maker}'
    if not (page.is_file() and mark in page.read_text(encoding="utf-8", errors="replace")[:2000]):
        for path in filter(os.path.lexists, (page, folder / pictures)):
            raise InputError(f"{path}: expected nothing there or a page of {maker}, got another's; give another --out")
    shutil.rmtree(beside, ignore_errors=True)  # of one that was killed
    try:
        yield beside
        # While pictures of two pages may lie there the page says so, and is still known as its maker's.
        write_bytes(page, f'<!DOCTYPE html>\n{mark}">\n<p>Not finished: ask for this page again.\n'.encode())
        shutil.rmtree(folder / pictures, ignore_errors=True)
        for name in (pictures, page.name):
            _move(beside / name, folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _move(made: Path, place: Path) -> None:
    """Put what was made into its place; a page of no pictures has no folder of them."""
    try:
        if made.exists():
            os.replace(made, place)
    except OSError as error:
        raise InputError(f"{place}: cannot be replaced ({error.strerror or error}); remove it") from error


def render(parts: PageParts, values: Mapping[str, Any]) -> str:
    """The text of a page. The template is given `values`, and style, script and policy for its head.

    Every value is escaped. The policy allows this very script and style, pictures beside the page or inside it, and no
    connection at all.
    """
    with needed_for(_NEEDING):
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup

    templates = Environment(
        loader=PackageLoader(parts.package), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = _static(_SHARED, "base.css") + _static(parts.package, parts.style)
    shared = (_static(_SHARED, name) for name in ("elements.js", "picture.js"))
    script = "".join([*shared, *(_static(parts.package, name) for name in parts.scripts)])
    return templates.get_template(parts.template).render(
        style=Markup(style), script=Markup(script), policy=_policy(script, style), **values
    )


def _policy(script: str, style: str) -> str:
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style))
    of_script, of_style = hashes
    return (
        f"default-src 'none'; img-src 'self' data:; script-src 'sha256-{of_script}'; style-src 'sha256-{of_style}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _static(package: str, name: str) -> str:
    return (files(package) / "static" / name).read_text(encoding="utf-8")
