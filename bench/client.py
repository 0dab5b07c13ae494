"""A platform that tells as fast as it is answered: ready-made requests over keep-alive connections.

`python -m bench.client HOST PORT FILE FIRST CONNECTIONS SECONDS STATUS END`: tells the requests in FILE
(pickled bytes) from number FIRST on and prints what it saw as JSON. Taken in is what is answered with STATUS and
ends in END. A process of its own, with bare sockets, so that it takes little of the machine it measures.
"""

import itertools
import json
import pickle
import socket
import sys
import threading
import time
from pathlib import Path


def tell(
    host: str,
    port: int,
    requests: list[bytes],
    first: int,
    connections: int,
    seconds: float,
    expected: tuple[str, str],
) -> dict[str, object]:
    """Tell until the time or the requests are over; milliseconds of each answer."""
    numbers, took, statuses = itertools.count(first), [], []
    end = time.perf_counter() + seconds
    begins, ends = f"HTTP/1.1 {expected[0]}".encode("ascii"), expected[1].encode("ascii")

    def one_connection() -> None:
        link = socket.create_connection((host, port), 10)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < end and (number := next(numbers)) < len(requests):
            begun = time.perf_counter()
            try:
                link.sendall(requests[number])
                answer = _answer(link)
            except OSError:
                answer = b""
            took.append((time.perf_counter() - begun) * 1000)
            statuses.append(answer.startswith(begins) and answer.endswith(ends))
            if not answer or b"connection: close" in answer.lower():
                link.close()
                link = socket.create_connection((host, port), 10)
        link.close()

    threads = [threading.Thread(target=one_connection) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    took.sort()
    return {
        "told": len(took),
        "acknowledged": sum(statuses),
        "per_second": sum(statuses) / elapsed,
        "p50": took[len(took) // 2],
        "p99": took[min(len(took) - 1, int(len(took) * 0.99))],
        "longest": took[-1],
        "next": first + len(took),
    }


def _answer(link: socket.socket) -> bytes:
    """One whole answer with a Content-Length."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = link.recv(65536)
        if not part:
            return got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        part = link.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


if __name__ == "__main__":
    host, port, file, first, connections, seconds, *expected = sys.argv[1:]
    ready = pickle.loads(Path(file).read_bytes())  # our own, of this run
    status, end = expected
    seen = tell(host, int(port), ready, int(first), int(connections), float(seconds), (status, end))
    print(json.dumps(seen))
