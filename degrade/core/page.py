"""Pages that any browser opens from any disk: script and style inside, and a policy that allows nothing else.

static/ holds what every page shares: base.css, elements.js, and picture.js with its stage of linked pictures.
"""

import base64
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.packages import needed_for
from degrade.core.storage.files import write_bytes

_SHARED = "degrade.core"
_NEEDING = "a page"


@dataclass(frozen=True)
class PageParts:
    """A template of a package, with the files of its static/ that come after the shared ones, in that order."""

    package: str
    template: str
    style: str
    scripts: Sequence[str]


def begin_page(folder: Path, maker: str, pictures: str = "images") -> Path:
    """The place of a page, folder/index.html, free of an earlier page by the same maker and of its pictures.

    maker: with what the content of its meta element `generator` begins. Until the page is whole a page that says it is
    not stands there, by which the pictures of one that was interrupted are known. Raises InputError where an index.html
    or pictures lie that are not such a page's, so that nobody's files are lost, and without jinja2.
    """
    with needed_for(_NEEDING):
        import jinja2  # noqa: F401 - render needs it, and nothing is written without it
    page, beside = folder / "index.html", folder / pictures
    mark = f'<meta name="generator" content="{maker}'
    if not (page.is_file() and mark in page.read_text(encoding="utf-8", errors="replace")[:2000]):
        for path in filter(os.path.lexists, (page, beside)):
            raise InputError(f"{path}: expected nothing there or a page of {maker}, got another's; give another --out")
    shutil.rmtree(beside, ignore_errors=True)
    write_bytes(page, f'<!DOCTYPE html>\n{mark}">\n<p>Not finished: ask for this page again.\n'.encode())
    return page


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
