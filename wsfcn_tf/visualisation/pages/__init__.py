"""HTML pages that need nothing else, no network and no other file: their head, style, templates and pictures."""
