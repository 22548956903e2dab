"""Cameras for tests: a real RTSP server, of the package ``aio-rtsp-toolkit``, and one that sends no frame."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

SERVE = """
import asyncio, sys, aio_rtsp_toolkit.server
asyncio.run(aio_rtsp_toolkit.server.serve(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
"""
# Of a camera with H.264; without its parameter sets, a client needs a frame to know the size.
SDP = "v=0\r\ns=silent\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
ANSWERS = {
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n",
    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}",
    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n",
    "PLAY": "Session: 1\r\n\r\n",
}


class RtspServer:
    """Serves the files of a folder as cameras that begin again after their last frame.

    It can be killed and started again.

    Args:
        folder: with files of H.264, .mp4.
    """

    def __init__(self, folder: Path):
        self.folder, self.process = folder, None
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]

    def address(self, name: str) -> str:
        """Of a file."""
        return f"rtsp://127.0.0.1:{self.port}/{name}?play_count=0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-c", SERVE, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 1)):
                return
            assert self.process.poll() is None, "the RTSP server does not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def silent_camera() -> Iterator[str]:
    """The address of a camera that answers, promises a video, and sends none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/silent"


def _accept(server: socket.socket) -> None:
    with suppress(OSError):  # the server is closed
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    text = ""
    with suppress(OSError), connection:
        while received := connection.recv(4096):
            *requests, text = (text + received.decode(errors="replace")).split("\r\n\r\n")
            for request in requests:
                method, number = request.split()[0], re.search(r"CSeq: (\d+)", request)[1]
                answer = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{ANSWERS.get(method, chr(13) + chr(10))}"
                connection.sendall(answer.encode())
