"""A page from templates and styles in a package's folder assets/, which may build upon those that all pages have."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


class Pages:
    """The pages of one package.

    Args:
        package: whose assets/ are looked in first; those beside this file are looked in then.
        filters: functions that its templates call, by their names.
    """

    def __init__(self, package: str, filters: Iterable[Callable] = ()) -> None:
        self._packages = (package, __package__)
        # whatever templates are given is text and escaped, `Markup` alone is not
        self._templates = Environment(autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(self._joined))
        self._templates.filters.update({function.__name__: function for function in filters}, base64=base64_text)

    def render(self, template: str, *, styles: Sequence[str], scripts: Sequence[str] = (), **values: Any) -> str:
        """The page as text.

        Args:
            template: its name; it extends layout.html, which wants a `title` and a `kind`.
            styles: CSS files, in their order.
            scripts: the same of what is run; nothing else is, whatever a name may contain.
            values: what the template is given.
        """
        script = "\n".join(map(self._asset, scripts))
        digest = base64_text(hashlib.sha256(script.encode()).digest()) if script else None
        style = Markup("\n".join(map(self._asset, styles)))
        page = self._templates.get_template(template).render(
            digest=digest, style=style, script=Markup(script), **values
        )
        return page.encode("utf-8", "replace").decode("utf-8")  # names of files may be no text

    def _joined(self, name: str) -> str:
        """A template's lines, without the spaces that their ends would be between inline elements."""
        return "".join(line.strip() for line in self._asset(name).splitlines())

    def _asset(self, name: str) -> str:
        places = (files(package) / "assets" / name for package in self._packages)
        return next(place for place in places if place.is_file()).read_text(encoding="utf-8")


def base64_text(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode("ascii")
