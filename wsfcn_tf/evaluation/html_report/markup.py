"""HTML that is safe by construction: whatever is not `Markup` is escaped."""

from html import escape

_VOID = frozenset({"img", "input"})


class Markup(str):
    """Text that is HTML already. Only `element` and `join` make it, and the page from its own template."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | int | float | bool | None) -> Markup:
    """An element with its children.

    Args:
        tag: its name.
        children: `Markup`, or plain text, which is escaped.
        attributes: `aria_label` stands for aria-label, and `class_` for class; True gives a bare attribute, False and
            None none. Values are escaped.
    """
    opening = "".join([tag, *(_attribute(name, value) for name, value in attributes.items())])
    return Markup(f"<{opening}>" if tag in _VOID else f"<{opening}>{join(children)}</{tag}>")


def join(children: tuple[str, ...] | list[str]) -> Markup:
    """Pieces one after the other; plain text among them is escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def _attribute(name: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
