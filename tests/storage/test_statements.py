"""The statements themselves: every one of them, as text and as SQLite plans it.

The issuer is in every key and every query (design, 3.6), hot paths look up by key, and the text
stays in the subset that SQLite and PostgreSQL share.
"""

import ast
import importlib
import pkgutil
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ostiary import storage
from tests.kit.outside import query, tables

VERB = re.compile(r"\s*(/\* all issuers \*/\s*)?(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
PARAMETER = re.compile(r":(\w+)")
# What the verbs tell PostgreSQL alone.
COMMENT = re.compile(r"/\* (all issuers|postgresql: FOR (NO KEY UPDATE|UPDATE SKIP LOCKED)) \*/")

# statement -> why it names no issuer
WITHOUT_ISSUER = {
    "issuers.FIND_BY_HOST": "the host is what chooses the issuer",
    "issuers.LIST": "operators' commands and housekeeping: all issuers",
    "logout_notices.FIND_DUE": "who tells the clients does it for all issuers",
    "keys.ANY_HANDLE_KEY": "a master key is the same for all issuers",
    "clock.CLOCK": "there is one clock",
    "condition.FIND": "probes: all issuers",
    **dict.fromkeys(
        (f"figures.{name}" for name in ("PENDING_NOTICES", "SIGNING_KEYS", "CLIENTS_AFTER")),
        "metrics are of the whole database",
    ),
    **dict.fromkeys(
        (f"request_counts.{name}" for name in ("SAVE", "REMOVE_OLDER", "LIST_OTHERS")),
        "a process counts for all of its issuers",
    ),
    **dict.fromkeys(
        ("leases.FIND", "leases.TAKE", "leases.HAND_OVER", "jobs.SAVE", "jobs.LIST"),
        "leases and jobs are the processes' own",
    ),
}
# table -> why its rows belong to no issuer
OF_NO_ISSUER = {
    "jobs": "what the processes have done for all issuers",
    "leases": "which process does it",
    "request_counts": "a process counts for all of its issuers",
}
# text of the same kind outside the constants -> what it is
OUTSIDE_CONSTANTS = {
    "SELECT 1 AS one": "the readiness probe",
    "SELECT current_setting('transaction_read_only') AS read_only": "the same on PostgreSQL",
    "SELECT version_num FROM alembic_version": "the schema's version",
    "SELECT to_regclass('public.unproved_restore')": "the mark of a restore that is not proved",
}
# statement -> why it may read a whole table
SCANS = {
    "condition.FIND": "probes: there are few issuers, and few keys of each",
    "figures.PENDING_NOTICES": "metrics: of those that wait, up to a limit",
    "figures.SIGNING_KEYS": "metrics: up to a limit",
    "issuers.LIST": "operators' commands and housekeeping: there are few issuers",
    "jobs.LIST": "the few jobs there are",
    "keys.ANY_HANDLE_KEY": "its first row, and no further",
}
# statement -> why it may sort
SORTS = {"keys.LIST": "the few keys of an issuer, when it is loaded"}
# statement -> the other index that it uses
OTHER_INDEXES = {
    "figures.CLIENTS_AFTER": "SEARCH clients USING PRIMARY KEY ((issuer_id,client_id)>(?,?))",
    "figures.PENDING_NOTICES": "logout_notices_due (next_attempt_at>?)",
    "condition.FIND": "SEARCH signing_keys USING PRIMARY KEY",
    "issuers.FIND_BY_HOST": "issuers_by_host (host=?)",
    "logout_notices.ADD": "authorizations_to_notify (issuer_id=? AND session_id=? AND notify_logout=?)",
    "logout_notices.ADD_OF_USER": "sessions_by_user (issuer_id=? AND user_id=? AND ended_at=?)",
    "logout_notices.FIND_CLIENTS": "authorizations_to_notify (issuer_id=? AND session_id=? AND notify_logout=?)",
    "logout_notices.FIND_DUE": "logout_notices_due ((next_attempt_at,issuer_id,session_id,client_id)>(?,?,?,?) AND next_attempt_at<?)",
    "sessions.END_OF_USER": "sessions_by_user (issuer_id=? AND user_id=? AND ended_at=?)",
    "sweeping.FIND_SPENT_IDS": "spent_ids_by_expiry (issuer_id=? AND expires_at<?)",
    "sweeping.REMOVE_SPENT_IDS": "spent_ids_by_expiry (issuer_id=? AND expires_at<?)",
    "sweeping.FIND_REFUSALS": "refusals_by_time (issuer_id=? AND at<?)",
    "sweeping.REMOVE_REFUSALS": "refusals_by_time (issuer_id=? AND at<?)",
    "keys.LIST": "signing_keys_in_turn (issuer_id=?)",
    "leases.FIND": "SEARCH leases USING PRIMARY KEY (name=?)",
    "leases.HAND_OVER": "SEARCH leases USING PRIMARY KEY (name=?)",
    "request_counts.REMOVE_OLDER": "SEARCH request_counts USING PRIMARY KEY (minute<?)",
    "request_counts.LIST_OTHERS": "SEARCH request_counts USING PRIMARY KEY (minute=?)",
    "pictures.FIND": "sqlite_autoindex_pictures_1 (issuer_id=? AND user_id=?)",
    "pictures.REMOVE": "sqlite_autoindex_pictures_1 (issuer_id=? AND user_id=?)",
    "orphans.SESSIONS": "sessions_by_user (issuer_id=?)",
    "seals.UNSEALED": "audit_events_by_seal (issuer_id=? AND seal=? AND event_id<?)",
    "seals.EVENTS": "audit_events_by_seal (issuer_id=? AND seal=?)",
    "seals.NUMBERS": "audit_events_by_seal (issuer_id=? AND seal>?)",
    "seals.MARK": "audit_events_by_seal (issuer_id=? AND seal=? AND event_id<?)",
    "seals.COUNT_MARKED": "audit_events_by_seal (issuer_id=? AND seal=?)",
    "seals.WAITING": "audit_events_by_seal (issuer_id=? AND seal=?)",
    "users.FIND_BY_USERNAME": "sqlite_autoindex_users_2 (issuer_id=? AND canonical=?)",
    "users.FIND_MEMBER": "sqlite_autoindex_users_2 (issuer_id=? AND canonical=?)",
    "users.LIST": "sqlite_autoindex_users_2 (issuer_id=?)",
}
# What a request runs: each table is entered by its whole primary key.
HOT = {
    "sessions.FIND_SIGNED_IN": {
        "sessions (issuer_id=? AND session_id=?)",
        "users (issuer_id=? AND user_id=?)",
        "memberships (issuer_id=? AND user_id=? AND institution_id=?)",
        "consents (issuer_id=? AND user_id=? AND institution_id=? AND client_id=?)",
    },
    "authorizations.FIND_STANDING": {
        "authorizations (issuer_id=? AND authorization_id=?)",
        "users (issuer_id=? AND user_id=?)",
        "memberships (issuer_id=? AND user_id=? AND institution_id=?)",
        "sessions (issuer_id=? AND session_id=?)",
        "spent_ids (issuer_id=? AND spent_id=?)",
    },
    "authorizations.REDEEM": {"authorizations (issuer_id=? AND authorization_id=?)"},
    "authorizations.ROTATE": {"authorizations (issuer_id=? AND authorization_id=?)"},
    "authorizations.EXTEND": {"authorizations (issuer_id=? AND authorization_id=?)"},
    "authorizations.REVOKE": {"authorizations (issuer_id=? AND authorization_id=?)"},
    "sessions.RENEW": {"sessions (issuer_id=? AND session_id=?)"},
    "sessions.TOUCH": {"sessions (issuer_id=? AND session_id=?)"},
    "sessions.END": {"sessions (issuer_id=? AND session_id=?)"},
    "logout_notices.CLAIM": {"logout_notices (issuer_id=? AND session_id=? AND client_id=?)"},
    "logout_notices.NOTE_DELIVERED": {
        "logout_notices (issuer_id=? AND session_id=? AND client_id=?)"
    },
    "interactions.FIND": {"interactions (issuer_id=? AND interaction_id=?)"},
    "interactions.FINISH": {"interactions (issuer_id=? AND interaction_id=?)"},
    "interactions.SIGN_IN": {"interactions (issuer_id=? AND interaction_id=?)"},
    "interactions.SET_IDENTIFIER": {"interactions (issuer_id=? AND interaction_id=?)"},
    "interactions.CHOOSE_ACCOUNT": {"interactions (issuer_id=? AND interaction_id=?)"},
    "spent.FIND": {"spent_ids (issuer_id=? AND spent_id=?)"},
    "pushed_requests.FIND": {"pushed_requests (issuer_id=? AND pushed_id=?)"},
    "pushed_requests.COMPLETE": {"pushed_requests (issuer_id=? AND pushed_id=?)"},
    "issuers.VERSION": {"issuers (issuer_id=?)"},
    "issuers.FIND_CLIENT": {"clients (issuer_id=? AND client_id=?)"},
    "client_origins.FIND": {"client_origins (issuer_id=? AND origin=?)"},
    "issuers.FIND_INSTITUTION": {"institutions (issuer_id=? AND institution_id=?)"},
}

# What one of the two engines does not understand, or understands otherwise.
NOT_SHARED = {
    "conflict clauses of SQLite": r"\bINSERT\s+OR\b|\bUPDATE\s+OR\b|\bREPLACE\s+INTO\b",
    "date functions": r"\b(datetime|date|time|julianday|strftime|unixepoch|now)\s*\(|\bCURRENT_(DATE|TIME)",
    "rowid": r"\b_?rowid_?\b|\blast_insert_rowid\b|\bAUTOINCREMENT\b|\bctid\b",
    "functions of one engine": r"\b(ifnull|iif|typeof|changes|random|hex|unhex|printf|format|instr|group_concat|string_agg|json\w*|total|glob|nvl|encode|decode|left|right|to_\w+)\s*\(",
    "operators of one engine": r"\bGLOB\b|\bREGEXP\b|\bMATCH\b|\bILIKE\b|\bISNULL\b|\bNOTNULL\b|==|::|->|~|@>|\bIS\s+(NOT\s+)?:",
    "case-folding LIKE": r"\bLIKE\b",
    "quotes of one engine": r"[`\[\]]|\"|\bX'",
    "hints, pragmas, transactions": r"\bINDEXED\b|\bPRAGMA\b|\bBEGIN\b|\bATTACH\b|\bVACUUM\b|\bFOR\s+(UPDATE|SHARE)\b|\bSKIP\s+LOCKED\b",
    "LIMIT with a comma": r"\bLIMIT\s+\S+\s*,",
    "LIMIT or ORDER BY in a change": r"^\s*(UPDATE|DELETE)\b(?!.*\bSELECT\b).*\b(LIMIT|ORDER\s+BY)\b",
    "a default that is not said": r"\bNULLS\s+(FIRST|LAST)\b",
    "positional or other parameters": r"\?|\$\d|%\(|@\w|%s",
    "DISTINCT ON, LATERAL, ONLY": r"\bDISTINCT\s+ON\b|\bLATERAL\b|\bFROM\s+ONLY\b",
    "a table that is not in the schema": r"\b(sqlite_|pg_|information_schema)\w*",
    "a literal": r"'",
}
# statement -> rules that it need not keep: digits have no case, and no secret stands in a name
EXCEPT = {"figures.CLIENTS_AFTER": {"case-folding LIKE", "a literal", "quotes of one engine"}}


def statements() -> dict[str, str]:
    """Every statement of the store, by module and name."""
    found = {}
    for module in pkgutil.iter_modules(storage.__path__):
        loaded = importlib.import_module(f"ostiary.storage.{module.name}")
        for name, value in vars(loaded).items():
            if name.isupper() and isinstance(value, str) and VERB.match(value):
                found[f"{module.name}.{name}"] = value
    return found


STATEMENTS = statements()


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    values: dict[str, object] = dict.fromkeys(PARAMETER.findall(statement))
    if "limit" in values:
        values["limit"] = 1
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return [row[-1] for row in rows if row[-1] != "SCAN CONSTANT ROW"]


@pytest.fixture
def plans(empty: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(f"file:{empty}?mode=ro", uri=True)) as connection:
        return {name: plan(connection, text) for name, text in STATEMENTS.items()}


def sources() -> list[Path]:
    folder = Path(storage.__path__[0])
    return [*folder.glob("*.py"), *folder.glob("postgresql/*.py")]


def test_all_statements_are_looked_at() -> None:
    loose = set()
    for path in sources():
        tree = ast.parse(path.read_text())
        assigned = {
            id(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if VERB.match(node.value) and id(node) not in assigned:
                loose.add(node.value)
    assert loose == set(OUTSIDE_CONSTANTS)
    assert len(STATEMENTS) > 40


def test_no_statement_is_put_together_from_pieces() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                head = node.values[0]
                starts = isinstance(head, ast.Constant) and VERB.match(str(head.value))
                assert not starts, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_issuer_is_in_every_statement(name: str) -> None:
    text = STATEMENTS[name]
    names_issuer = re.search(r"\bissuer_id = :issuer_id\b", text) or re.search(
        r"INSERT INTO \w+ \(\s*issuer_id\b.*(VALUES \(|SELECT )\s*:issuer_id\b", text, re.DOTALL
    )
    assert bool(names_issuer) is (name not in WITHOUT_ISSUER)


@pytest.mark.parametrize("name", [name for name, text in STATEMENTS.items() if "JOIN" in text])
def test_every_join_stays_in_the_issuer(name: str) -> None:
    text = STATEMENTS[name]
    joins = re.findall(r"JOIN (\w+) ON (\w+)\.issuer_id = \w+\.issuer_id\b", text)
    assert len(joins) == text.count("JOIN")
    assert all(joined == named for joined, named in joins)


def test_no_statement_reads_a_whole_table(plans: dict[str, list[str]]) -> None:
    scanning = {name for name, lines in plans.items() if any("SCAN" in line for line in lines)}
    assert scanning == set(SCANS)


def test_no_statement_sorts(plans: dict[str, list[str]]) -> None:
    sorting = {name for name, lines in plans.items() if any("B-TREE" in line for line in lines)}
    assert sorting == set(SORTS)


def test_every_look_up_is_by_the_primary_key_or_a_named_index(plans: dict[str, list[str]]) -> None:
    other = {}
    for name, lines in plans.items():
        for line in lines:
            if "SEARCH" in line and "USING PRIMARY KEY (issuer_id=?" not in line:
                other[name] = line.rpartition(" INDEX ")[2]
    assert other == OTHER_INDEXES


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_enters_each_table_by_its_whole_key(
    name: str, plans: dict[str, list[str]]
) -> None:
    found = set()
    for line in plans[name]:
        match = re.fullmatch(r"SEARCH (\w+) USING PRIMARY KEY (\(.*?\))( LEFT-JOIN)?", line)
        assert match, line
        found.add(f"{match[1]} {match[2]}")
    assert found == HOT[name]


@pytest.mark.parametrize("rule", NOT_SHARED)
def test_the_text_is_understood_by_both_engines(rule: str) -> None:
    pattern = re.compile(NOT_SHARED[rule], re.IGNORECASE | re.DOTALL)
    found = [name for name, text in STATEMENTS.items() if pattern.search(COMMENT.sub("", text))]
    assert found == [name for name, rules in EXCEPT.items() if rule in rules]


@pytest.mark.parametrize("name", [name for name, text in STATEMENTS.items() if "SET" in text])
def test_what_is_set_is_named_without_its_table(name: str) -> None:
    """PostgreSQL refuses `SET table.column = ...`, SQLite allows it nowhere but takes aliases."""
    for assignments in re.findall(
        r"\bSET\b(.*?)(?:\bWHERE\b|\bRETURNING\b|$)", STATEMENTS[name], re.DOTALL
    ):
        for assignment in re.split(r",(?![^()]*\))", assignments):
            assert re.match(r"\s*\w+ =", assignment), assignment


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, text in STATEMENTS.items()
        if not re.match(r"\s*(/\*.*?\*/\s*)?SELECT\b", text) and name != "interactions.SAVE_CONSENT"
    ],
)
def test_every_change_tells_whether_it_happened(name: str) -> None:
    """Any of them may stand first in a change, where its row decides."""
    assert re.search(r"\bRETURNING \w+\s*$", STATEMENTS[name])


def test_columns_have_types_that_both_engines_know(empty: Path) -> None:
    for table in tables(empty):
        columns = query(empty, f"PRAGMA table_info({table})")
        assert {column[2] for column in columns} <= {"TEXT", "BIGINT", "BYTEA"}, table


def test_the_issuer_comes_first_in_every_primary_key(empty: Path) -> None:
    assert len(tables(empty)) > 10
    assert set(tables(empty)) - set(tables(empty, of_issuers=True)) == set(OF_NO_ISSUER)
    for table in tables(empty, of_issuers=True):
        columns = query(empty, f"PRAGMA table_info({table})")
        assert next(column[1] for column in columns if column[5] == 1) == "issuer_id", table
