"""One tenant that asks as fast as it is answered, over several connections at once, until it is ended.

Run as `python loud.py PORT PATH HEADERS BODY CONNECTIONS`: headers as JSON, the body a file.
"""

import http.client
import json
import sys
import threading
from pathlib import Path


def keep_asking(port: int, path: str, headers: dict[str, str], body: bytes) -> None:
    """Send the body again and again; a connection that is closed is opened anew."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while True:
                connection.request("POST", path, body, headers)
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()


if __name__ == "__main__":
    port, path, headers, body, connections = sys.argv[1:]
    given = (int(port), path, json.loads(headers), Path(body).read_bytes())
    threads = [threading.Thread(target=keep_asking, args=given) for _ in range(int(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
