"""Another machine's words in our messages."""


def printable(text: str, length: int = 300) -> str:
    """One line of at most `length` characters, with nothing in it that moves a terminal's cursor."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1] + "…"
