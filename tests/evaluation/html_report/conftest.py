"""A headless Chromium for the tests that click: without one they are skipped or, with BROWSER_TESTS=required, fail."""

import os
import shutil
import tempfile

import pytest
from selenium import webdriver


@pytest.fixture(scope="session")
def browser():
    """Chromium under its driver, with nothing left over from another session; it downloads nothing."""
    binary = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        missing = "no chromium with a chromedriver here: apt-get install chromium chromium-driver"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"):
        options.add_argument(f"--{switch}")
    for switch in ("disable-background-networking", "disable-component-update", "disable-dev-shm-usage"):
        options.add_argument(f"--{switch}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options.add_argument(f"--user-data-dir={profile}")
        chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        yield chromium
        chromium.quit()
