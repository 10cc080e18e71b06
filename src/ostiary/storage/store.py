"""The store: one object that holds every table's verbs."""

from typing import Final

from ostiary.storage.audit import AuditEvents
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.client_origins import ClientOrigins
from ostiary.storage.condition import Conditions
from ostiary.storage.database import Database
from ostiary.storage.figures import Figures
from ostiary.storage.interactions import Interactions
from ostiary.storage.issuers import Clients, Institutions, Issuers
from ostiary.storage.jobs import Jobs
from ostiary.storage.jwks_fetches import JwksFetches
from ostiary.storage.keys import Keys
from ostiary.storage.leases import Leases
from ostiary.storage.logout_notices import LogoutNotices
from ostiary.storage.orphans import Orphans
from ostiary.storage.pictures import Pictures
from ostiary.storage.pushed_requests import PushedRequests
from ostiary.storage.refusals import Refusals
from ostiary.storage.request_counts import RequestCounts
from ostiary.storage.seals import AuditSeals
from ostiary.storage.secret_uses import SecretUses
from ostiary.storage.sessions import Sessions
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.spent import SpentIds
from ostiary.storage.sqlite import SqliteDatabase
from ostiary.storage.sweeping import Sweeping
from ostiary.storage.throttles import Throttles
from ostiary.storage.users import Users


class Store:
    """Over a database whose schema is current."""

    def __init__(self, database: Database) -> None:
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
        self.request_counts: Final = RequestCounts(database=database)
        self.throttles: Final = Throttles(database=database)
        self.secret_uses: Final = SecretUses(database=database)
        self.jwks_fetches: Final = JwksFetches(database=database)
        self.keys: Final = Keys(database=database)
        self.audit: Final = AuditEvents(database=database)
        self.orphans: Final = Orphans(database=database)
        self.seals: Final = AuditSeals(database=database)
        self.refusals: Final = Refusals(database=database)
        self.conditions: Final = Conditions(database=database)
        self.figures: Final = Figures(database=database)
        self.leases: Final = Leases(database=database)
        self.jobs: Final = Jobs(database=database)
        self.sweeping: Final = Sweeping(database=database)

    @classmethod
    def open(cls, source: Source) -> "Store":
        """The store there; raises StoreUnavailable when a file cannot be opened.

        PostgreSQL is reached for with the first statement.
        """
        if isinstance(source, PostgresqlSource):
            from ostiary.storage.postgresql.engine import (  # noqa: PLC0415  for it alone
                PostgresqlDatabase,
            )

            return cls(PostgresqlDatabase(source))
        return cls(SqliteDatabase(source))

    def close(self) -> None:
        self.database.close()
