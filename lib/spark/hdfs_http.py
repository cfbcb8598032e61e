"""
One request over HTTP to a server of HDFS → status, location and body of its answer.

Each thread has its own connections. They are kept, since a task sends many requests.
"""
import base64
import errno
import http.client
import json
import select
import socket
import ssl
import threading
import time
import urllib.parse

TIMEOUT_S = 60
IDLE_S = 4  # less than on the servers
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)
PASSING = {"StandbyException", "RetriableException", "SafeModeException"}


class HdfsError(Exception):
    """HDFS refuses a request, fails or cannot be reached."""

    def __init__(self, op, path, message, exception=None, passing=True):
        super().__init__(f"HDFS {op} {path}: {message}")
        self.exception = exception
        self.passing = passing


class Connections:
    """Connections with the certificate and login of an access, as WebHdfs has it."""

    def __init__(self, access):
        self._access = access
        self._tls = None
        self._local = threading.local()

    def send(self, method, op, path, address, data=None):
        """Raises HdfsError if no answer comes."""
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

    def _login(self, url):
        """The header of a login: only the given servers get it."""
        password = self._access.get("password")
        origin = (url.scheme, url.netloc)
        given = [urllib.parse.urlsplit(one) for one in self._access["urls"]]
        if password is None or origin not in [(one.scheme, one.netloc) for one in given]:
            return {}
        pair = base64.b64encode(f"{self._access['user']}:{password}".encode()).decode()
        return {"authorization": f"Basic {pair}"}

    def _connection(self, scheme, host):
        known = self._connections()
        connection, used = known.get(host, (None, 0))
        if connection is None or time.monotonic() - used > IDLE_S or _is_closed(connection):
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


def _is_closed(connection):
    """Whether the server has closed an idle connection: a call on it would get no answer."""
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def is_unsent(error):
    """Whether no server can have got the call, because no connection was made."""
    cause = error.__cause__
    if isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
        return True
    return isinstance(cause, OSError) and cause.errno in UNREACHABLE


def remote_exception(body):
    """Exception and message of HDFS in an answer; (None, None): a page of a proxy or web server."""
    try:
        remote = json.loads(body)["RemoteException"]
        return remote["exception"], remote["message"].splitlines()[0]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None, None


def error_of(op, path, status, body):
    """The error of an answer with another status than expected."""
    exception, message = remote_exception(body)
    if exception is None:
        text = body.decode("utf-8", "replace")[:200]
    else:
        text = f"{exception}: {message}"
    passing = exception in PASSING or (status >= 500 and exception is None)
    return HdfsError(op, path, f"status {status}, {text}", exception, passing)
