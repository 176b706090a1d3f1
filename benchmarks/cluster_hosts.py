"""Hosts of a cluster on one machine: network, process and mount namespaces of their own, joined by a bridge.

Each has an address, a local disk (a small tmpfs that can be filled) and a Ray node that `ray start` started. It is lost
as a host is: every process on it at once. Needs root and `ip`, `unshare` and `nsenter`.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_BRIDGE = "wsfcn0"
_NETWORK = "10.213.7"
_PORT = 6379
_DISK = "800m"
_BOTH = """
import sys, time, ray
ray.init(sys.argv[1], logging_level="error")
while sum(node["Alive"] for node in ray.nodes()) < 2:
    time.sleep(0.1)
"""


def missing() -> str | None:
    """What is missing to make hosts; None if nothing is."""
    if os.geteuid():
        return "root"
    return next((tool for tool in ("ip", "unshare", "nsenter", "pkill") if shutil.which(tool) is None), None)


class Host:
    """A host without Ray yet.

    Args:
        number: the last of its address.
        disk: an empty folder; the host's local disk is mounted there, and only it sees what is in it.
    """

    def __init__(self, number: int, disk: Path) -> None:
        self.address, self.disk = f"{_NETWORK}.{number}", disk
        disk.mkdir(exist_ok=True)
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "infinity"]
        self._outer = subprocess.Popen(words)
        self._init = _child(self._outer.pid)
        outside, inside = f"wsfcn-o{number}", f"wsfcn-i{number}"
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", str(self._init))
        _ip("link", "set", outside, "master", _BRIDGE, "up")
        for words in (
            f"ip addr add {self.address}/24 dev {inside}",
            f"ip link set {inside} up",
            "ip link set lo up",
            f"mount -t tmpfs -o size={_DISK} none {disk}",
        ):
            subprocess.run(self.command(*words.split()), check=True)

    def command(self, *words: str) -> list[str]:
        """The words that run a command on this host."""
        place = ["nsenter", "--target", str(self._init), "--net", "--mount", "--pid"]
        return [*place, "env", f"--chdir={Path.cwd()}", *words]

    def start_ray(self, head: "Host", log: TextIO) -> None:
        """Starts a Ray node of one CPU; the head, if it is its own."""
        place = ("--head", f"--port={_PORT}", "--include-dashboard=false", f"--temp-dir={self.disk}/ray")
        if head is not self:
            place = (f"--address={ray_address(head)}",)
        fixed = (f"--node-ip-address={self.address}", "--num-cpus=1", "--object-store-memory=100000000", "--block")
        ray = (sys.executable, "-m", "ray.scripts.scripts", "start", *place, *fixed)
        environment = {**os.environ, "TMPDIR": str(self.disk), "RAY_USAGE_STATS_ENABLED": "0"}
        subprocess.Popen(self.command(*ray), env=environment, stdout=log, stderr=log)

    def processes(self, title: str) -> list[int]:
        """Those on it that Ray has given a title."""
        own = _namespace(self._init)
        return [process for process in titled(title) if _namespace(process) == own]

    def fill_disk(self) -> None:
        """Leaves no byte free on its local disk."""
        subprocess.run(self.command("sh", "-c", f"cat /dev/zero > {self.disk}/full"), stderr=subprocess.DEVNULL)

    def lose_agent(self) -> None:
        """Kills its raylet alone."""
        subprocess.run(self.command("pkill", "-KILL", "raylet"))

    def lose(self) -> None:
        """Kills every process on it, at once; nothing, if it is lost already."""
        if self._outer.poll() is None:
            os.kill(self._init, signal.SIGKILL)
            self._outer.wait()


def titled(title: str) -> list[int]:
    """The processes of this machine, its hosts' among them, that Ray has given a title."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if (path / "cmdline").read_bytes().startswith(title.encode()):
                found.append(int(path.name))
    return found


def _namespace(process: int) -> int | None:
    """That of its process numbers; None if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/ns/pid").stat().st_ino
    return None


def ray_address(head: Host) -> str:
    """What `--cluster` gets."""
    return f"{head.address}:{_PORT}"


class TwoHosts:
    """A cluster of two hosts; each can be lost, and another comes for it.

    Args:
        folder: where their disks are mounted; empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._left: list[Host] = []
        self._log = (folder / "ray.log").open("a")
        self.start()

    def start(self) -> None:
        """Starts both, and waits for them."""
        self.head = self._host()
        self.head.start_ray(self.head, self._log)
        self.address = ray_address(self.head)
        reach = self.head.command("bash", "-c", f"echo > /dev/tcp/{self.head.address}/{_PORT}")
        while subprocess.run(reach, stderr=subprocess.DEVNULL).returncode:
            time.sleep(0.2)
        self.start_second()
        subprocess.run(self.head.command(sys.executable, "-c", _BOTH, self.address), check=True)

    def start_second(self) -> None:
        """Starts the one that is not the head, and does not wait for it."""
        self.second = self._host()
        self.second.start_ray(self.head, self._log)

    def replace_second(self) -> None:
        """It is lost, and another one comes."""
        self.second.lose()
        self.start_second()

    def replace_second_agent(self) -> None:
        """Its raylet is lost, and another host comes; what ran there ends by itself."""
        self._left.append(self.second)
        self.second.lose_agent()
        self.start_second()

    def end(self) -> None:
        """Ends all."""
        for host in (*self._left, self.second):
            host.lose()
        self.head.lose()

    def _host(self) -> Host:
        self._count += 1
        return Host(self._count, self._folder / str(self._count))


@contextmanager
def two_hosts(folder: Path) -> Iterator[TwoHosts]:
    """Both, and the network that they are joined by.

    Args:
        folder: for their disks.
    """
    folder.mkdir()
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))  # of all that is started
    _ip("link", "add", _BRIDGE, "type", "bridge")
    try:
        _ip("link", "set", _BRIDGE, "up")
        both = TwoHosts(folder)
        try:
            yield both
        finally:
            both.end()
    finally:
        _ip("link", "del", _BRIDGE)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _child(parent: int) -> int:
    """The only child of a process, as soon as it has one."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    return int(found[0])
