"""The browser, for tests that click through a page."""

from browser import browser

__all__ = ["browser"]
