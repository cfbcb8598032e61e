"""
HDFS over WebHDFS: files and folders by absolute path. The same calls as lib/webhdfs.ts.

CREATE and OPEN take two requests: the NameNode answers with the address of a DataNode; HttpFS
answers OPEN with the bytes at once. RENAME answers False, not an error, if the target exists. With
several NameNodes a call goes to the one that answered last. After a lost answer only the next call
goes to another one, so a RENAME is never done twice.

A NameNode names a dead DataNode for up to ten minutes. If a DataNode takes no connection, the call
asks for another one. For a minute no call of this process goes to the dead one, unless no other
DataNode is left.
"""
import json
import time
import urllib.parse

from hdfs_http import Connections, HdfsError, error_of, is_unsent, remote_exception

ATTEMPTS = 3  # at a request that may be repeated
RETRY_DELAY_S = 0.1
DATANODES = 4  # at most, that a call tries to reach
DEAD_S = 60  # for which no call goes to a dead DataNode

_dead = {}  # DataNode as the NameNode knows it → time it was found dead


class WebHdfs:
    """
    The file system of an access: urls of its NameNodes, user, and where needed datanode_host, ca,
    password, token.
    """

    def __init__(self, access):
        self._access = access
        self._active = 0  # index of the NameNode that gets the next call
        self._connections = Connections(access)

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
            raise error_of(op, path, status, body)
        return json.loads(body)

    def _on_data_node(self, method, op, path, expected, data=None, **parameters):
        """Asks the NameNode for the address of a DataNode, then that DataNode, with the data."""
        tried = 0
        while True:
            tried += 1
            status, location, body = self._locate(method, op, path, parameters)
            if status == expected and data is None:
                return body
            if status != 307 or location is None:
                raise error_of(op, path, status, body)
            try:
                status, _, body = self._connections.send(method, op, path, self._reachable(location), data)
            except HdfsError as error:
                is_last = tried == DATANODES or not is_unsent(error)
                name = None if is_last else self._name_of_data_node(location)
                if name is None:
                    raise
                _dead[name] = time.monotonic()
                continue
            if status != expected:
                raise error_of(op, path, status, body)
            return body

    def _locate(self, method, op, path, parameters):
        """Asks for a DataNode that is not dead; if no other is left, for any."""
        for name, since in list(_dead.items()):
            if time.monotonic() - since > DEAD_S:
                _dead.pop(name, None)
        dead = ",".join(_dead)
        if dead:
            answer = self._ask(method, op, path, {**parameters, "excludedatanodes": dead})
            if remote_exception(answer[2])[0] != "IOException":
                return answer
            _dead.clear()
        return self._ask(method, op, path, parameters)

    def _reachable(self, location):
        host = self._access.get("datanode_host")
        if host is None:
            return location
        url = urllib.parse.urlsplit(location)
        return url._replace(netloc=f"{host}:{url.port}").geturl()

    def _name_of_data_node(self, location):
        """The NameNode's name of the DataNode with this address of HTTP; None: it knows none."""
        url = urllib.parse.urlsplit(location)
        bean = "/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
        try:
            _, _, body = self._ask("GET", "JMX", bean, None)
            nodes = json.loads(json.loads(body)["beans"][0]["LiveNodes"])  # by "host:port"
        except (HdfsError, ValueError, LookupError):
            return None
        for name, node in nodes.items():
            addresses = (node.get("infoAddr", ""), node.get("infoSecureAddr", ""))
            if name.startswith(f"{url.hostname}:") and any(
                address.endswith(f":{url.port}") for address in addresses
            ):
                return node["xferaddr"]
        return None

    def _ask(self, method, op, path, parameters):
        """Sends a call to the active NameNode: to each of them at most once."""
        urls = self._access["urls"]
        tried = 0
        while True:
            tried += 1
            asked = self._active
            address = self._address(urls[asked], op, path, parameters)
            try:
                answer = self._connections.send(method, op, path, address)
            except HdfsError as error:
                self._go_on(asked)
                if tried >= len(urls) or not is_unsent(error):
                    raise
                continue
            if answer[0] != 403 or remote_exception(answer[2])[0] != "StandbyException":
                return answer
            self._go_on(asked)
            if tried >= len(urls):
                return answer

    def _go_on(self, asked):
        """The next call goes to the NameNode after `asked`, unless another thread did this."""
        if asked == self._active:
            self._active = (asked + 1) % len(self._access["urls"])

    def _address(self, url, op, path, parameters):
        if op == "JMX":
            return f"{url}{path}"
        token = self._access.get("token")
        login = {"user.name": self._access["user"]} if token is None else {"delegation": token}
        query = {"op": op, **login, **parameters}
        encoded = urllib.parse.quote(path, safe="/")
        quoted = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        return f"{url}/webhdfs/v1{encoded}?{quoted}"

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
