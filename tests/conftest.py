"""What tests of all packages share: a real browser, a cluster, and modules of the user's that no later test meets."""

import json
import shutil
import signal
import sys

import pytest

from degrade.core.cluster import on_cluster
from degrade.core.image import decode_uint8

# A shell starts what runs in its background deaf to Ctrl-C, and whatever that starts: those that tests interrupt too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _modules_end_with_their_test(tmp_path_factory):
    """Python imports a name once: a `mine.py` of one test would be found by the next instead of its own."""
    path, base = list(sys.path), str(tmp_path_factory.getbasetemp())
    yield
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__dict__", {}).get("__file__")).startswith(base):
            del sys.modules[name]


class Browser:
    """Chromium without a network, and what the tests ask of it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, page, width=1280, height=900, dark=False):
        """The page as a file, at a size in px."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(page.as_uri())

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def click(self, selector):
        self.find(selector).click()

    def press(self, *keys, on="#stage"):
        self.run("document.querySelector(arguments[0]).focus()", on)
        self.find(on).send_keys(*keys)

    def choose(self, selector, value):
        from selenium.webdriver.support.select import Select

        Select(self.find(selector)).select_by_value(value)

    def drag(self, selector, across, down=0):
        from selenium.webdriver import ActionChains

        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        chain = ActionChains(self.driver).move_to_element(self.find(selector)).click_and_hold()
        chain.move_by_offset(across, down).release().perform()

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def pixels(self, selector):
        """An element as it looks, (H, W, 3) of 0..255."""
        return decode_uint8(self.find(selector).screenshot_as_png, selector, background="white")

    def saves_to(self, folder):
        """Files that a page saves go there, without a question."""
        asked = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", asked)

    def wait(self, condition):
        """Until what is called gives something true, which is returned."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, 30).until(lambda _: condition())

    def reload_until(self, condition):
        """Reload, again if need be: what a page keeps in the browser may reach the next one a moment late."""

        def found():
            self.driver.refresh()
            return condition()

        self.wait(found)

    def said(self):
        """Every word of the console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self):
        """The scheme of every address that a page asked for; the browser's own, chrome://..., are no pages of ours."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        ours = [one["request"]["url"] for one in sent if not one["documentURL"].startswith("chrome:")]
        return {address.partition(":")[0] for address in ours}


def _start(profile):
    """A browser of an empty profile, or a test skipped."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, of the extra dev")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
        *(f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND"),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    started = _start(tmp_path_factory.mktemp("browser"))
    yield Browser(started)
    started.quit()


@pytest.fixture
def new_browser(tmp_path):
    """One that never saw a page. (localStorage.clear() between tests would reach a later page late, and empty it.)"""
    started = _start(tmp_path / "browser")
    yield Browser(started)
    started.quit()


@pytest.fixture(scope="session")
def _two_workers(tmp_path_factory):
    distributed = pytest.importorskip("distributed", reason="needs distributed, of the extra dask")
    place = str(tmp_path_factory.mktemp("dask"))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": place}
    with distributed.LocalCluster(**options) as started:
        yield started


@pytest.fixture
def dask_cluster(_two_workers):
    """A dask scheduler with two workers of this machine; one that an earlier test killed is there again."""
    with on_cluster(_two_workers.scheduler_address) as there:
        there.client.wait_for_workers(2, timeout=60)
    return _two_workers
