"""One tenant that asks as fast as it is answered, over several connections at once, until it is ended.

Run as `python loud.py METHOD PORT PATH HEADERS BODY CONNECTIONS`: headers as a JSON list, of which the connections take
turns, the body a file. A reply is read to its end, so a stream of events is held.
"""

import http.client
import json
import sys
import threading
from pathlib import Path


def keep_asking(method: str, port: int, path: str, headers: dict[str, str], body: bytes) -> None:
    """Send the body again and again; a connection that is closed is opened anew."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while True:
                connection.request(method, path, body or None, headers)
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()


if __name__ == "__main__":
    method, port, path, listed, file, connections = sys.argv[1:]
    headers, body = json.loads(listed), Path(file).read_bytes()
    threads = [
        threading.Thread(target=keep_asking, args=(method, int(port), path, headers[number % len(headers)], body))
        for number in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
