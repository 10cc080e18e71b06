"""The store: one object that holds every table's verbs."""

from pathlib import Path
from typing import Final

from ostiary.storage.audit import AuditEvents
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.client_origins import ClientOrigins
from ostiary.storage.interactions import Interactions
from ostiary.storage.issuers import Clients, Institutions, Issuers
from ostiary.storage.jwks_fetches import JwksFetches
from ostiary.storage.keys import Keys
from ostiary.storage.logout_notices import LogoutNotices
from ostiary.storage.pictures import Pictures
from ostiary.storage.pushed_requests import PushedRequests
from ostiary.storage.refusals import Refusals
from ostiary.storage.secret_uses import SecretUses
from ostiary.storage.sessions import Sessions
from ostiary.storage.spent import SpentIds
from ostiary.storage.sqlite import SqliteDatabase, StoreUnavailable
from ostiary.storage.users import Users


class Store:
    """Over a database whose schema is current."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database: Final = database
        self.issuers: Final = Issuers(database=database)
        self.institutions: Final = Institutions(database=database)
        self.clients: Final = Clients(database=database)
        self.client_origins: Final = ClientOrigins(database=database)
        self.users: Final = Users(database=database)
        self.pictures: Final = Pictures(database=database)
        self.sessions: Final = Sessions(database=database)
        self.logout_notices: Final = LogoutNotices(database=database)
        self.pushed_requests: Final = PushedRequests(database=database)
        self.interactions: Final = Interactions(database=database)
        self.authorizations: Final = Authorizations(database=database)
        self.spent: Final = SpentIds(database=database)
        self.secret_uses: Final = SecretUses(database=database)
        self.jwks_fetches: Final = JwksFetches(database=database)
        self.keys: Final = Keys(database=database)
        self.audit: Final = AuditEvents(database=database)
        self.refusals: Final = Refusals(database=database)

    @classmethod
    def open(cls, path: Path) -> "Store":
        """The store in the file at `path`; raises StoreUnavailable when it cannot be opened."""
        return cls(SqliteDatabase(path))

    def close(self) -> None:
        self.database.close()

    async def ping(self) -> None:
        """Raises StoreUnavailable when nothing can be read, or nobody is there to write."""
        if not self.database.can_write():
            raise StoreUnavailable("the writer has stopped")
        await self.database.read_one("SELECT 1 AS one", {})
