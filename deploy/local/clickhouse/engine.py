"""The ClickHouse engine in this process, on one data folder.

Owns the folder's lock for as long as it is open: a second process on the same folder is refused.
"""

from pathlib import Path

from chdb.state.sqlitelike import Connection

from deploy.local.clickhouse.session import Session


class Engine:
    """The engine on `folder`; `version` is its four numbers, `time_zone` the zone it shows times in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = str(folder)
        self._root = Connection(self._folder)
        shown = self._root.query("SELECT version(), timezone()", "TabSeparated").bytes().decode()
        version, self.time_zone = shown.split()
        self.version = tuple(map(int, version.split(".")))

    def session(self, database: str = "") -> Session:
        """Open a session; raises EngineError when the database does not exist."""
        return Session(self._folder, database)

    def close(self) -> None:
        """Kill what still runs and let the folder go."""
        self._root.query("KILL QUERY WHERE query NOT LIKE 'KILL QUERY%' ASYNC")
        self._root.close()
