"""That this file is here lets the tests below this folder import `alone`."""
