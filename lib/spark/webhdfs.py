"""
HDFS over WebHDFS: files and folders by absolute path. The same calls as lib/webhdfs.ts.

CREATE and OPEN take two requests: the NameNode answers with the address of a DataNode; HttpFS
answers OPEN with the bytes at once. RENAME answers False, not an error, if the target exists. With
several NameNodes a call goes to the one that answered last. After a lost answer only the next call
goes to another one, so a RENAME is never done twice.
"""
import base64
import http.client
import json
import ssl
import threading
import time
import urllib.parse

ATTEMPTS = 3  # at a request that may be repeated
RETRY_DELAY_S = 0.1
TIMEOUT_S = 60
IDLE_S = 4  # less than on the servers
PASSING = {"StandbyException", "RetriableException", "SafeModeException"}


class HdfsError(Exception):
    """HDFS refuses a request, fails or cannot be reached."""

    def __init__(self, op, path, message, exception=None, passing=True):
        super().__init__(f"HDFS {op} {path}: {message}")
        self.exception = exception
        self.passing = passing


class WebHdfs:
    """
    The file system of an access: urls of its NameNodes, user, and where needed datanode_host, ca,
    password, token. Each thread has its own connections.
    """

    def __init__(self, access):
        self._access = access
        self._active = 0  # index of the NameNode that gets the next call
        self._tls = None
        self._local = threading.local()

    def create(self, path, data):
        """Writes a new file, and makes its folders. Raises HdfsError also if the file exists."""
        self._on_data_node("PUT", "CREATE", path, 201, data, overwrite="false")

    def read(self, path):
        """Reads a file; None: it does not exist."""
        return self._repeated(
            lambda: _unless_missing(lambda: self._on_data_node("GET", "OPEN", path, 200))
        )

    def rename(self, source, target):
        """Renames with one request: True if this call did it."""
        return self._json("PUT", "RENAME", source, destination=target)["boolean"]

    def make_folder(self, path):
        self._repeated(lambda: self._json("PUT", "MKDIRS", path))

    def remove(self, path):
        """Deletes a file, or a folder with its content, if it exists."""
        self._repeated(lambda: self._json("DELETE", "DELETE", path, recursive="true"))

    def exists(self, path):
        found = self._repeated(
            lambda: _unless_missing(lambda: self._json("GET", "GETFILESTATUS", path))
        )
        return found is not None

    def list(self, path, after=""):
        """One page of names in the order of their bytes, and the number of names behind it."""
        answer = self._repeated(
            lambda: _unless_missing(
                lambda: self._json("GET", "LISTSTATUS_BATCH", path, startafter=after)
            )
        )
        if answer is None:
            return [], 0
        listing = answer["DirectoryListing"]
        statuses = listing["partialListing"]["FileStatuses"]["FileStatus"]
        return [one["pathSuffix"] for one in statuses], listing["remainingEntries"]

    def _json(self, method, op, path, **parameters):
        status, _, body = self._ask(method, op, path, parameters)
        if status != 200:
            raise _error(op, path, status, body)
        return json.loads(body)

    def _on_data_node(self, method, op, path, expected, data=None, **parameters):
        status, location, body = self._ask(method, op, path, parameters)
        if status == expected and data is None:
            return body
        if status != 307 or location is None:
            raise _error(op, path, status, body)
        host = self._access.get("datanode_host")
        if host is not None:
            url = urllib.parse.urlsplit(location)
            location = url._replace(netloc=f"{host}:{url.port}").geturl()
        status, _, body = self._send(method, op, path, location, data)
        if status != expected:
            raise _error(op, path, status, body)
        return body

    def _ask(self, method, op, path, parameters):
        """Sends a call to the active NameNode: to each of them at most once."""
        urls = self._access["urls"]
        for tried in range(1, len(urls) + 1):
            asked = self._active
            try:
                answer = self._send(method, op, path, self._address(urls[asked], op, path, parameters))
            except HdfsError as error:
                self._active = (asked + 1) % len(urls)
                if tried == len(urls) or not isinstance(error.__cause__, ConnectionRefusedError):
                    raise
                continue
            if b"StandbyException" not in answer[2]:
                return answer
            self._active = (asked + 1) % len(urls)
        return answer

    def _address(self, url, op, path, parameters):
        token = self._access.get("token")
        login = {"user.name": self._access["user"]} if token is None else {"delegation": token}
        query = {"op": op, **login, **parameters}
        encoded = urllib.parse.quote(path, safe="/")
        quoted = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        return f"{url}/webhdfs/v1{encoded}?{quoted}"

    def _login(self, url):
        """The header of a login: only the given servers get it."""
        password = self._access.get("password")
        origin = (url.scheme, url.netloc)
        given = [urllib.parse.urlsplit(one) for one in self._access["urls"]]
        if password is None or origin not in [(one.scheme, one.netloc) for one in given]:
            return {}
        pair = base64.b64encode(f"{self._access['user']}:{password}".encode()).decode()
        return {"authorization": f"Basic {pair}"}

    def _send(self, method, op, path, address, data=None):
        url = urllib.parse.urlsplit(address)
        try:
            connection = self._connection(url.scheme, url.netloc)
            target = f"{url.path}?{url.query}"
            headers = self._login(url)
            if method == "PUT":
                headers["content-length"] = str(len(data or b""))
            if data is not None:
                headers["content-type"] = "application/octet-stream"  # HttpFS demands it
            connection.request(method, target, body=data, headers=headers)
            response = connection.getresponse()
            body = response.read()
            return response.status, response.getheader("location"), body
        except (OSError, http.client.HTTPException) as error:
            self._forget(url.netloc)
            raise HdfsError(op, path, f"{error or type(error).__name__} at {url.netloc}") from error

    def _connection(self, scheme, host):
        known = self._connections()
        connection, used = known.get(host, (None, 0))
        if connection is None or time.monotonic() - used > IDLE_S:
            self._forget(host)
            connection = self._new_connection(scheme, host)
        known[host] = (connection, time.monotonic())
        return connection

    def _new_connection(self, scheme, host):
        if scheme == "http":
            return http.client.HTTPConnection(host, timeout=TIMEOUT_S)
        if self._tls is None:
            self._tls = ssl.create_default_context(cadata=self._access.get("ca"))
        return http.client.HTTPSConnection(host, timeout=TIMEOUT_S, context=self._tls)

    def _forget(self, host):
        connection, _ = self._connections().pop(host, (None, 0))
        if connection is not None:
            connection.close()

    def _connections(self):
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        return self._local.connections

    def _repeated(self, call):
        """Repeats a call after a missing answer or a server's fault. A refusal is final."""
        for attempt in range(ATTEMPTS):
            try:
                return call()
            except HdfsError as error:
                if attempt == ATTEMPTS - 1 or not error.passing:
                    raise
                time.sleep(RETRY_DELAY_S * 2**attempt)


def _unless_missing(call):
    try:
        return call()
    except HdfsError as error:
        if error.exception == "FileNotFoundException":
            return None
        raise


def _error(op, path, status, body):
    text = body.decode("utf-8", "replace")
    exception = None
    message = text[:200]
    try:
        remote = json.loads(text)["RemoteException"]
        exception = remote["exception"]
        message = f"{exception}: {remote['message'].splitlines()[0]}"
    except (ValueError, KeyError, TypeError, IndexError):
        pass  # a page of a proxy or web server, which the message shows as it is
    passing = exception in PASSING or (status >= 500 and exception is None)
    return HdfsError(op, path, f"status {status}, {message}", exception, passing)
