"""A fast disk for many small runs, a mirror, and children to kill."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.crash import bench


@pytest.fixture(scope="session")
def fast():
    """A folder that others may pass through (pytest's own are private), in memory where there is /dev/shm."""
    shm = Path("/dev/shm")
    base = shm if shm.is_dir() and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 256 << 20 else None
    folder = Path(tempfile.mkdtemp(prefix="pinboot-crash-", dir=base))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def place(fast):
    """An empty folder, gone after the test."""
    folder = Path(tempfile.mkdtemp(dir=fast))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def children(fast):
    logs = fast / "logs"
    logs.mkdir()
    made = bench.Children(logs)
    yield made
    made.close()


@pytest.fixture(scope="module")
def mirror():
    with bench.mirror() as running:
        yield running


@pytest.fixture(scope="module")
def stages(fast, children, mirror):
    """By scene, each prepared once."""
    folder = Path(tempfile.mkdtemp(dir=fast))
    folder.chmod(0o755)
    made = {}

    def of(scene):
        scene = bench.SCENES[scene] if isinstance(scene, str) else scene
        key = (scene.argv, scene.steps, scene.profile, scene.without, scene.large)
        if key not in made:
            (folder / str(len(made))).mkdir()
            made[key] = bench.Stage(scene, folder / str(len(made)), children, mirror)
        made[key].reset()
        return made[key]

    yield of
    shutil.rmtree(folder)
