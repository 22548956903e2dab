"""A real Milvus server on free ports of this machine, from the package ``milvus``.

    python -m tests.search.gallery.milvus_server FOLDER

serves until nobody holds a shared lock on FOLDER/users any more, however its users ended.
"""

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from filelock import FileLock

TRIES, START_LIMIT = 3, 90  # seconds of a try: a killed server's etcd may leave the next one waiting for ever
# Runs a command that ends with the process that starts it: PR_SET_PDEATHSIG of prctl(2).
DIE_WITH_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execv(sys.argv[1], sys.argv[1:])
"""


class MilvusServer:
    """A server that can be killed and started again on the same data and ports.

    Args:
        folder: for its configuration, data and logs.
        lease: seconds until a killed server's place is free for the next. On a busy machine, a server that
            takes longer to renew it ends.
    """

    def __init__(self, folder: Path, lease: int = 30):
        import milvus

        self.folder, self.process = folder, None
        config = milvus.MilvusServerConfig(data_dir=str(folder))
        keys = [key for key in config.configurable_items if key.endswith("_port")]
        *ports, self.health_port, etcd_port = free_ports(len(keys) + 2)
        for key, port in zip(keys, ports, strict=True):
            config.set(key, port)
        config.set("common.session.ttl", lease)
        config.set("log.level", "warn")
        config.resolve_storage()
        config.write_config()
        self._configure_etcd(config.get("etcd_port"), etcd_port)
        self.address = f"http://127.0.0.1:{config.get('proxy_port')}"
        # 250 MB, unpacked once, where the package puts them if it is not told otherwise.
        self.programs = Path(config.get_default_data_dir()) / "bin"
        self.programs.mkdir(parents=True, exist_ok=True)
        with FileLock(self.programs / "unpacking.lock"):
            milvus._initialize_data_files(self.programs.parent)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for _ in range(TRIES):
            self._run()
            end = time.monotonic() + START_LIMIT
            while self.process.poll() is None and time.monotonic() < end:
                if self._answers():
                    return
                time.sleep(0.1)
            self.kill()
        output = (self.folder / "output.txt").read_text(errors="replace")
        raise RuntimeError(f"the Milvus server does not start: {output[-2000:]}")

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        if self.process:
            self.process.kill()
            self.process.wait()
            Path(f"/tmp/milvus/server_id_{self.process.pid}").unlink(missing_ok=True)

    def _configure_etcd(self, client_port: int, peer_port: int) -> None:
        """Give its etcd another port than 2380, which only one server of a machine could have."""
        client, peer = (f"http://127.0.0.1:{port}" for port in (client_port, peer_port))
        # A process that is killed loses nothing that it wrote, so nothing need be on the disk. At each start,
        # etcd would wait for it 60 times: minutes in all where other tests keep the disk busy.
        (self.folder / "configs" / "etcd.yaml").write_text(
            f"listen-client-urls: {client}\nadvertise-client-urls: {client}\nlisten-peer-urls: {peer}\n"
            f"initial-advertise-peer-urls: {peer}\ninitial-cluster: default={peer}\nunsafe-no-fsync: true\n"
        )
        file, before = self.folder / "configs" / "milvus.yaml", "\n  data:\n"
        added = f"\n  config:\n    path: {self.folder}/configs/etcd.yaml"
        file.write_text(file.read_text().replace(before, added + before, 1))

    def _run(self) -> None:
        env = {"DEPLOY_MODE": "STANDALONE", "METRICS_PORT": str(self.health_port), "GOMAXPROCS": "2"}
        env |= {"LD_LIBRARY_PATH": str(self.programs), "MILVUS_RUN_DIR": str(self.folder)}
        command = [sys.executable, "-c", DIE_WITH_PARENT, self.programs / "milvus", "run", "standalone"]
        with open(self.folder / "output.txt", "w") as output:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=os.environ | env, stdout=output, stderr=output
            )

    def _answers(self) -> bool:
        """Whether all its parts say that they are ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/healthz", timeout=5) as reply:
                return b"OK" in reply.read()
        except OSError:
            return False


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on, below 32768.

    From there on, the system gives them to connections, of which one could take a killed server's place.
    """
    candidates, ports = random.SystemRandom().sample(range(10_000, 32_768), 1000), []
    with contextlib.ExitStack() as stack:
        while len(ports) < number:
            free, port = stack.enter_context(socket.socket()), candidates.pop()
            with contextlib.suppress(OSError):
                free.bind(("127.0.0.1", port))
                ports.append(port)
    return ports


def shared_server(folder: Path) -> tuple[str, int]:
    """The address of a server that all processes share which name the same folder, and what it runs for.

    Returns:
        The address; and a file descriptor: the server ends once all who asked for it have closed theirs, or
        have ended.
    """
    import fcntl

    folder.mkdir(exist_ok=True)
    with FileLock(folder / "start.lock"):
        users = os.open(folder / "users", os.O_RDWR | os.O_CREAT)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a server is just ending
        address = folder / "address"
        if not address.exists():
            log = open(folder / "supervisor.txt", "w")  # noqa: SIM115
            command = [sys.executable, "-m", __name__, str(folder)]
            supervisor = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            while not address.exists():
                if supervisor.poll() is not None:
                    raise RuntimeError((folder / "supervisor.txt").read_text())
                time.sleep(0.1)
        return address.read_text(), users


def main(folder: Path) -> None:
    """Serve while somebody holds a shared lock on the file ``users``."""
    import fcntl

    server = MilvusServer(folder)
    address = folder / "address"
    try:
        server.start()
        (folder / "address.part").write_text(server.address)
        (folder / "address.part").rename(address)
        with open(folder / "users") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            address.unlink(missing_ok=True)
    finally:
        server.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
