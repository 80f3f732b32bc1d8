import os
import shutil

import pytest

import siptruth
from contract import AT_ONCE, LATER
from sharkd import Sharkd
from wireshark import ROOT, Wireshark, chosen


def pytest_generate_tests(metafunc):
    named = [name for mark in metafunc.definition.iter_markers("parametrize") for name in mark.args[0].split(",")]
    if "capture" in metafunc.fixturenames and "capture" not in named:
        every = chosen()
        metafunc.parametrize("capture", every, ids=[c.name for c in every])


@pytest.fixture(scope="session")
def plain_wireshark():
    """Wireshark's programs without a check that the plugin is there."""
    wireshark = Wireshark(os.environ.get("SIPTRAIL_PLUGIN", ROOT / "build/plugin/siptrail.so"))
    yield wireshark
    wireshark.close()


@pytest.fixture(scope="session")
def wireshark(plain_wireshark):
    listed = plain_wireshark.run(["tshark", "-G", "plugins"]).decode()
    if "siptrail.so" not in listed:
        pytest.fail(f"tshark does not list siptrail.so, looked for at {plain_wireshark.plugin}\n{listed}", pytrace=False)
    return plain_wireshark


@pytest.fixture(scope="session")
def recipes(wireshark):
    """The folder that they are copied to, as docs/recipes of the folder where commands run."""
    folder = wireshark.folder / "docs/recipes"
    shutil.copytree(ROOT / "docs/recipes", folder)
    wireshark.make_readable()
    return folder


@pytest.fixture(scope="session")
def read(plain_wireshark):
    """The truth of a capture with given credentials. The file is read once, without the plugin."""
    cache = {}

    def truth(capture, rows):
        key = capture.name, rows
        if key not in cache:
            messages, end = siptruth.read_messages(plain_wireshark.path(capture), capture.options, plain_wireshark.run_without_plugin)
            cache[key] = siptruth.analyse(messages, end, [siptruth.Row(*row) for row in rows])
        return cache[key]
    return truth


@pytest.fixture(scope="session")
def passes(wireshark):
    """What the plugin says of a capture with its credentials: in one pass, and in two."""
    cache = {}

    def run(capture):
        if capture.name not in cache:
            cache[capture.name] = [wireshark.fields(capture, *AT_ONCE, *LATER, two_pass=two) for two in (False, True)]
        return cache[capture.name]
    return run


@pytest.fixture
def sharkd(wireshark):
    return lambda capture: Sharkd(wireshark, capture)


def pytest_collection_modifyitems(items):
    """With `--dist loadgroup`, what is read of a capture is read by one process, for all tests of a module."""
    for item in items:
        given = getattr(item, "callspec", None)
        about = given and (given.params.get("name") or getattr(given.params.get("capture"), "name", None))
        if about and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__} {about}"))
