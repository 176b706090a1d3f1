"""A headless Chromium for the tests that click: without one they are skipped or, with BROWSER_TESTS=required, fail."""

import os
import shutil
import tempfile

import pytest
from selenium import webdriver

SCREENS = {"phone": (360, 740), "desktop": (1280, 800)}


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


def open_page(browser, path, screen="desktop", media=None):
    """Opens a page at a screen's size, and checks that the browser complains of nothing."""
    width, height = SCREENS[screen]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    calm = {"name": "prefers-reduced-motion", "value": "reduce"}  # clicks need not wait for scrolling
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [calm], **(media or {})})
    browser.get(path.as_uri())
    assert browser.get_log("browser") == []
    return browser
