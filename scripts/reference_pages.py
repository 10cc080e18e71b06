"""Writes the reference pages whose source is a table of the program: python -m scripts.reference_pages.

Each page is a function that gives its whole text, and a line in PAGES. A test compares what they
give with what is committed, so a page cannot fall behind its table.
"""

import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import getsource
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from ostiary.accounts.factors import FACTORS
from ostiary.cli.failures import ExitCode
from ostiary.cli.program import program
from ostiary.domain import refusals
from ostiary.domain.audit import EventType
from ostiary.domain.face import FACES, Face
from ostiary.domain.observer import Outcome
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.domain.security_level import LEVELS
from ostiary.domain.signing_keys import ERASURE
from ostiary.management.durations import written_duration
from ostiary.protocol.scope import OPENID
from ostiary.settings import (
    CREDENTIAL_NAME,
    CREDENTIALS_VARIABLE,
    MASTER_KEY_VARIABLE,
    NESTING,
    PREFIX,
    Settings,
)
from ostiary.storage.schema import ensure_schema
from ostiary.storage.sweeping import SWEEPS
from ostiary.telemetry.instruments import MOST_SERIES, OTHER
from ostiary.telemetry.metrics import SECTIONS, Metric

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference_pages.py from the program itself: change it there. -->"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    return f"`{text}`"


def page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTE, *parts)) + "\n"


# ---- refusals -----------------------------------------------------------------------------------


def refusals_page() -> str:
    sections = [
        f"## {heading[0].upper()}{heading[1:]}\n\n"
        + table(("reason", "error", "on the wire", "rule", "what to do"), map(_refusal_row, codes))
        for heading, codes in _refusal_groups()
    ]
    return page(
        "Refusals",
        "Every reason for which Ostiary turns a request down, and no other. The client is told the "
        "error, the status and the short text, never more; the rest stands in the record, under the "
        "reference of the answer (`Ostiary-Reference: R-7F3K-2Q9D`). "
        "[Explain a refusal](../how-to/explain-a-refusal.md) shows how to read it.",
        *sections,
    )


def _refusal_groups() -> Iterator[tuple[str, list[ReasonCode]]]:
    """The headings stand in the source, as comments between the rows."""
    source = getsource(refusals)
    for heading, body in re.findall(r"# ---- (.+?) -+\n(.*?)(?=# ----|\Z)", source, re.DOTALL):
        names = re.findall(r"^    ([A-Z_]+) = Reason\(", body, re.MULTILINE)
        yield heading, [ReasonCode[name] for name in names]


def _refusal_row(reason: ReasonCode) -> tuple[str, ...]:
    value = reason.value
    return (
        code(reason.name.lower()),
        f"{code(value.error)} {value.status}",
        value.text,
        value.section,
        value.advice,
    )


# ---- claims and scopes --------------------------------------------------------------------------


def claims_page() -> str:
    return page(
        "Scopes and claims",
        "What an institution knows of a person is kept as *data* of their membership; a *claim* is the "
        "name by which a client sees a datum. A claim is sent when a granted scope releases it, or the "
        "client has asked for it by the `claims` parameter, *and* the institution knows the datum. "
        "`sub` is always there. What is not listed here is never sent, whatever is stored. "
        "[Ask for single claims](../how-to/ask-for-claims.md) shows how to ask.",
        *(_face_section(face) for face in FACES.values()),
        "An issuer can have further scopes for the institution's own APIs (`api_scopes` of "
        "`ostiary apply`). They release no claims, and stand in the access token.",
        "## What is not known\n\nIs left out, and so is what is `null`. `middle_name` alone is sent as "
        "`null`, for a person who has a name and no middle name: both contracts have it so.",
        "## From where\n\nThe values are those of the membership in the institution of the "
        "authorization: `ostiary user create --claim NAME=VALUE`, or `[users.memberships.claims]` of "
        "`ostiary apply`. `address`, `cash_management_user` and `theme_data` are objects, "
        "`email_verified` is true or false, names and numbers are texts; what is of another kind is not "
        "taken. Two have another origin:\n\n"
        "- `institution_id` is the institution of the authorization.\n"
        "- `picture`, unless the membership has one of its own, is the address of the picture that "
        "`ostiary user picture` has set, or else of the person's initials. Nobody can guess such an "
        "address, and it needs no token. A client with pairwise subjects gets none.",
        "## Restricted data\n\nNo scope releases a restricted datum: the client asks for it by name, "
        "and gets it only when `restricted_claims` of its registration names it at the sign-in and still "
        "does so when it is told. Else the claim is silently left out, and the consent page does not name "
        "it.",
        "## Security levels\n\n"
        + table(
            ("level", "reached by"),
            [(code(level), _factors_of(level) or "no factor yet") for level in LEVELS],
        )
        + "\n\nA sign-in that has reached a level has reached those above it in this table. The `acr` of "
        "a face is its prefix and the level. `acr_values`, and an `acr` that is not essential, are "
        "wishes: the true level is told. An essential `acr` with values that the session does not reach "
        "leads to a new sign-in, and where no factor could reach them to the error "
        "`unmet_authentication_requirements`.",
        "## Subjects\n\nAll clients of `subject_type` `public` know a person by the same `sub`. Those of "
        "`pairwise` have one for each *sector*: the host of their redirect URIs, or what is registered "
        "as `sector`. The `sid` of a session goes with it.",
    )


def _factors_of(level: str) -> str:
    proved = {name: factor.LEVEL for name, factor in FACTORS.items()}
    return ", ".join(name for name in proved if proved[name] == level)


def _face_section(face: Face) -> str:
    rows = [
        (code(scope), ", ".join(map(code, face.claims.get(scope, ()))) or _without_claims(scope))
        for scope in sorted(face.scopes, key=lambda name: (name != OPENID, name))
    ]
    where = "userinfo and the ID token" if face.claims_in_id_token else "userinfo only"
    return "\n\n".join(
        (
            f"## {face.name.capitalize()}",
            f"Claims of scopes go into {where}; those asked for by the `claims` parameter where they "
            f"are asked for. The `acr` of a sign-in with a password is "
            f"`{face.security_level_prefix}standard`.",
            table(("scope", "claims"), rows),
            *_named_section(face),
        )
    )


def _named_section(face: Face) -> Iterator[str]:
    """The claims whose names are not their data's."""
    named = {name: datum for name, datum in face.data.items() if name != datum}
    if not named:
        return
    (prefix,) = {name.removesuffix(datum) for name, datum in named.items()}
    yield (
        f"Every datum below can be asked for as `{prefix}` and its name. The answer has the name that was "
        "asked for; the short names of the scopes stay usable beside it."
    )
    rows = [
        (code(datum), "restricted" if datum in face.restricted else "any client")
        for datum in sorted(named.values())
    ]
    yield table(("datum", "who may have it"), rows)


def _without_claims(scope: str) -> str:
    return "none; gives a refresh token" if scope in OFFLINE_SCOPES else "none"


# ---- configuration ------------------------------------------------------------------------------

SETTING_TEXTS: Mapping[str, str] = {
    "server.host": "Where to listen. A name stands for all of its addresses: `localhost` is often two.",
    "server.port": "The port to listen on.",
    "server.trusted_proxies": "Who is believed about where a request comes from: addresses, networks, or "
    '`"unix"` for whoever can open the socket\'s file. See [Run behind a reverse proxy](../how-to/reverse-proxy.md).',
    "server.forwarded_headers": "Which headers the trusted proxies write: `X-Forwarded-For`, `-Proto` and "
    "`-Host`, or the `Forwarded` of RFC 7239. The other family is ignored, as it may be the client's own.",
    "server.client_certificate_header": "The header in which a trusted proxy hands on the certificate of a "
    "client, such as `X-Client-Cert`.",
    "limits.connections": "How many connections each process holds at once. When there is no room, those "
    "go of the address with the most that have asked nothing for the longest time.",
    "limits.head_seconds": "How long the head of a request may take to come, and a connection may ask nothing.",
    "limits.body_seconds": "How much longer the body behind it may take.",
    "limits.answer_seconds": "How long a client may leave its answer unread.",
    "limits.requests_per_minute_per_address": "Requests from an address (of IPv6: a /64 network) to an "
    "issuer, at all processes together; 0 is no limit. This and the next ones do not hold in a sandbox.",
    "limits.requests_per_minute_per_client": "Requests of a client that has proved who it is.",
    "limits.failures_per_minute": "Wrong client secrets and assertions, and codes and refresh tokens that "
    "were never given out, by an address for a client; ten times as many by an address for all clients, and "
    "as answers `active: false` to a client.",
    "limits.pushed_requests_per_minute_per_client": "Pushed authorization requests of a client; of a "
    "public one, which anybody can push for, from each address.",
    "limits.sign_ins_per_minute_per_address": "Sign-ins that are begun at an address.",
    "server.workers": 'How many processes answer; `"auto"` is one for each core that Ostiary may use. '
    "With more than one a supervisor, which answers nothing itself, starts and replaces them.",
    "server.drain_seconds": "How long requests are still taken after `SIGTERM`, while `/readyz` says no "
    "and each answer closes its connection. A second signal ends the wait.",
    "server.tls_certificate": "PEM, the whole chain: TLS 1.2 and 1.3 are spoken instead of plain http. In "
    "the file: relative to the file. Renewed files are read on `SIGHUP`.",
    "server.tls_key": "The certificate's private key, PEM, without a password.",
    "server.tls_client_ca": "PEM: who signs the certificates of clients. Without it none are asked for.",
    "management.host": "Where operators ask: `/livez`, `/readyz`, `/healthz`, `/metrics`.",
    "management.port": "Without it there is no such listener: the probes answer at the public port, with "
    "yes or no, and the metrics cannot be read.",
    "database.path": "The SQLite file, made when it is not there. In the file: relative to the file.",
    "database.url": "PostgreSQL instead of the file: `postgresql://USER@HOST/DATABASE`, with several hosts for "
    "a failover; leave `database.path` out then. Whoever may read it knows the password: better in the variable. See "
    "[Use PostgreSQL](../how-to/postgresql.md).",
    "database.connections": "How many connections each process holds at most.",
    "database.statement_timeout_seconds": "How long PostgreSQL works on a statement, and how long a request "
    "waits for a connection; then it is told 503.",
    "database.pooled_by_transaction": "Whether a pooler such as PgBouncer gives each transaction another "
    "connection.",
    "master_key.file": "The file with the master key, of mode 600. In the file: relative to the file. "
    f"The variable `{MASTER_KEY_VARIABLE}` goes before it; without both the key comes from the systemd "
    f"credential `{CREDENTIAL_NAME}` in `${CREDENTIALS_VARIABLE}`.",
    "outbound.allow": "Whom Ostiary may ask beyond public addresses, `https` and the ports 443 and 8443: "
    'a list such as `["http://localhost:8080", "https://10.1.2.3:9443"]`, in the variable with spaces '
    "between them. Scheme, host and port have to be the same as in the client's URL. A certificate must be "
    "good there too: by the system's roots, or by those in the file that `SSL_CERT_FILE` names.",
    "log.level": "What is too unimportant to be logged.",
    "log.format": '`"auto"` is text on a terminal and JSON elsewhere.',
    "log.requests": "A line for each request: method, path, status and time; never the query.",
    "tracing.endpoint": "Where spans are sent, by OTLP over HTTP, such as "
    "`http://127.0.0.1:4318/v1/traces`. Needs the extra: `pip install 'ostiary[otel]'`.",
    "tracing.share": "Which part of all traces is kept, from 0 to 1.",
    "metrics.client_label": "Whether authorization and token requests are also counted by client. For a "
    "few hundred clients: each makes some series of its own.",
}


def configuration_page() -> str:
    rows = [
        (code(key), code(f"{PREFIX}{key.replace('.', NESTING).upper()}"), default, text)
        for key, default, text in _settings()
    ]
    return page(
        "Configuration",
        "Settings of the process. They come, the stronger first, from options of the command, from "
        "variables, from the file that `--config` names, and from the default. Issuers, institutions, "
        "clients and users are data, not settings: see "
        "[Manage clients and users](../how-to/manage-clients-and-users.md).",
        table(("setting", "variable", "default", "what it is"), rows),
        "`ostiary init` writes a file with every setting and a comment on each:",
        f"```toml\n{_template().rstrip()}\n```",
        "Two variables are not settings:\n\n"
        + table(
            ("variable", "what it is"),
            [
                (code(MASTER_KEY_VARIABLE), "The master key itself, 32 bytes in base64url."),
                (code("OSTIARY_CONFIG"), "The file, for every command that has `--config`."),
            ],
        ),
        f"A variable that begins with `{PREFIX}` and has no double underscore is no setting, because "
        "container platforms make up such names by themselves.",
        "## What is wrong, all at once\n\nA key that does not exist, a value of the wrong kind and a "
        "port out of range are reported together, each with its line, variable or option and what to "
        "write instead; the command ends with exit code 2 and nothing is started.",
        '```text\nostiary: ostiary.toml has 2 faults:\n  line 2: server.prot: unknown key; did you mean "port"?\n'
        "  line 5: log.level: write 'debug', 'info', 'warning' or 'error', not \"loud\"\n```",
    )


def _settings() -> Iterator[tuple[str, str, str]]:
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"{section} is no section")
        for name, inner in model.model_fields.items():
            key = f"{section}.{name}"
            yield key, _default(inner), SETTING_TEXTS[key]


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, frozenset):
        return code(str(sorted(value)))
    return code(str(value) if isinstance(value, int) else f'"{value}"')


def _template() -> str:
    from ostiary.cli.init import TEMPLATE  # noqa: PLC0415  beside its use

    return TEMPLATE


# ---- metrics ------------------------------------------------------------------------------------


def metrics_page() -> str:
    return page(
        "Metrics",
        "What `/metrics` of the management listener tells, in Prometheus' text format: the sums over all "
        "processes of a service, whichever of them is asked. [Monitor](../how-to/monitor.md) shows how to "
        "switch it on, the dashboard and the alerts.",
        *(_metrics_section(title, section) for title, section in SECTIONS.items()),
        "## Labels\n\n`outcome` is "
        + ", ".join(code(outcome.value) for outcome in Outcome)
        + ": the last three are not the request's fault, but of too many of them, of the store, and ours. "
        "`reason` is one of the [refusals](refusals.md), and empty where there is none. `institution` is "
        "that of the client, and empty for a client that is not known. A client that did not prove itself is "
        "counted as who it says it is.\n\nNo label names a person, an address or a token. Clients are named "
        "only with `metrics.client_label`. Whatever is asked for, a metric has at most "
        f"{MOST_SERIES:,} series in each process; what comes after them is counted as `{OTHER}`.",
    )


def _metrics_section(title: str, section: Sequence[Metric]) -> str:
    rows = [
        (
            code(metric.name),
            metric.kind.value,
            ", ".join(code(label) for label in metric.labels) or "none",
            metric.meaning + (" With `client_id` where that is on." if metric.by_client else ""),
        )
        for metric in section
    ]
    return f"## {title}\n\n" + table(("metric", "kind", "labels", "what it is"), rows)


# ---- command line -------------------------------------------------------------------------------

EXIT_CODES: Mapping[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "it did not work: no such key, a port in use, a database that cannot be reached",
    ExitCode.USAGE: "the command, the configuration or a value is not right",
    ExitCode.NOT_FOUND: "what was named is not there",
    ExitCode.CONFLICT: "what is to be made is there already, or was changed by somebody else",
    ExitCode.REFUSED: "refused by policy, such as demo data in production",
}


def command_line_page() -> str:
    commands = [
        _command_section(path, command) for path, command in _commands((), get_command(program))
    ]
    return page(
        "Command line",
        "Data goes to standard output, talk to standard error. `--json` prints data as JSON; every "
        "command has `--help` with examples.",
        "A command looks for its configuration in `--config`, then in `OSTIARY_CONFIG`, then for an "
        "`ostiary.toml` in this directory, then for the `.ostiary` of `ostiary dev`, and says which "
        "it took. Variables such as `OSTIARY_DATABASE__URL` change single settings of that file; where there is "
        "no `ostiary.toml`, `OSTIARY_DATABASE__PATH` or `OSTIARY_DATABASE__URL` alone is a configuration. "
        "`ostiary dev` keeps to its own database, whatever these variables say.",
        "Durations are seconds, or a number with `s`, `m`, `h` or `d`, such as `7d`.",
        *commands,
        "## Exit codes\n\n"
        + table(("code", "means"), [(str(int(each)), text) for each, text in EXIT_CODES.items()]),
    )


def _commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        here = (*path, name)
        if getattr(inner, "commands", None):
            yield from _commands(here, inner)
        else:
            yield here, inner


def _command_section(path: tuple[str, ...], command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join(("ostiary", *path, *(each.name.upper() for each in arguments)))
    rows = [(code(each.name.upper()), each.help or "") for each in arguments]
    rows += [(_option_names(each), _option_text(each)) for each in options if each.name != "help"]
    examples = (command.epilog or "").partition("Examples:\n")[2]
    shown = "\n".join(line.strip() for line in examples.splitlines())
    return "\n\n".join(
        (
            f"## ostiary {' '.join(path)}",
            f"`{usage}{' [options]' if options else ''}`",
            " ".join((command.help or "").split()),
            table(("argument or option", "what it is"), rows),
            f"```sh\n{shown}\n```",
        )
    )


def _option_names(option: Any) -> str:
    value = "" if option.is_flag else f" {_value_name(option)}"
    return ", ".join(code(f"{name}{value}") for name in sorted(option.opts, key=len, reverse=True))


def _value_name(option: Any) -> str:
    if option.metavar:
        return str(option.metavar)
    # The command line's own words, such as <list[RS256|ES256]>; those of plain types say less than the name.
    choices = re.search(r"\w+(?:\|\w+)+", option.display_type(typer.Context(get_command(program))))
    return choices[0] if choices else str(option.name).upper()


def _option_text(option: Any) -> str:
    text = option.help or "The configuration."
    if option.required:
        text += " Required."
    if option.default is not None and not option.is_flag:
        text += f" Default: `{option.default}`."
    return text if not option.envvar else f"{text} Variable: `{option.envvar}`."


# ---- database -----------------------------------------------------------------------------------

TABLE_TEXTS: Mapping[str, str] = {
    "issuers": "One row an issuer: its policies as one JSON value in `data`. `version` grows with every "
    "change to the issuer, its institutions, clients and keys; processes look at it once a second.",
    "institutions": "Name, colour, sign-in layout, as one JSON value.",
    "clients": "Registration and policy of a client, as one JSON value. Secrets are SHA-256 of 256 "
    "random bits; that of a client which signs with it is kept too, sealed under the master key.",
    "pushed_requests": "An authorization request that a client pushed, until it is completed or expires.",
    "secret_uses": "When each secret was last used, written at most once an hour by each process.",
    "jwks_fetches": "How the last fetch of a client's `jwks_uri` went; `error` is null when it gave keys.",
    "users": "`canonical` is the one spelling under which a username is found. `password_hash` is "
    "argon2id. What began before `valid_after` is over: the password was changed then.",
    "client_origins": "The origins whose scripts may read our answers, for looking one up: written with "
    "the client, from its web origins and a public one's redirect URIs.",
    "memberships": "A user in an institution, with the claims that the institution makes about them.",
    "consents": "What a user has agreed to share with a client: its scopes, in `claims` the data beyond "
    "them, and in `client_print` what the client was; to another one they are asked again.",
    "pictures": "A user's uploaded picture.",
    "subject_keys": "The key of an issuer's pairwise subjects, sealed; it is never changed.",
    "signing_keys": "`sealed` is the private key, encrypted under the master key; empty once it was "
    "destroyed. The state follows from `activates_at` alone. `sequence` counts an algorithm's keys.",
    "throttles": "Guesses at passwords in a row: of an account from an address, of an address, of an account. "
    "`key` is a MAC of name and address; nothing is looked at before `free_at`. Where somebody has signed in "
    "(`succeeded_at`), guesses from elsewhere do not hold them up.",
    "request_counts": "What each process has counted in this minute of who asks much, as JSON.",
    "handle_keys": "The keys of the MAC in codes, refresh tokens and cookies; sealed likewise. The newest "
    "that is active seals.",
    "sessions": "A browser's signed-in state. `generation` counts its sign-ins: only the cookie of the "
    "latest counts.",
    "logout_notices": "What clients are told of sessions that have ended, written with the end. One is "
    "due from `next_attempt_at` on, and whoever begins an attempt moves it ahead; without it the notice "
    "was delivered or given up.",
    "interactions": "A pending authorization request, and what the person has proved so far.",
    "authorizations": "One row a sign-in, from the code to the last refresh. Redeeming, refreshing and "
    "revoking are each one conditional update of it.",
    "spent_ids": "What counts once, or no longer, until it expires: digests of the ids of client "
    "assertions and DPoP proofs, and of access tokens that were given back.",
    "leases": "Which process does what is to be done once. `turn` grows with each renewal: whoever sees it "
    "stand still for long enough takes over.",
    "jobs": "How the jobs of housekeeping are doing: the last run of each that was noted.",
    "audit_events": "Security events, written in the transaction of the change that they record. `seal` is "
    "the number of the seal that they are under.",
    "audit_seals": "Signed seals over the events, each naming the one before it: "
    "[Audit events and seals](audit.md).",
    "audit_keys": "The public keys that have signed seals, sealed under the master key so that nobody else "
    "can put in theirs.",
    "refusals": "Why a request was turned down, by the reference that the refused party was shown.",
}


def database_page() -> str:
    return page(
        "Database",
        "One SQLite file in WAL mode with `synchronous=FULL`, beside it the files `-wal`, `-shm` and "
        "`.lock`. The issuer comes first in every primary key. Instants are seconds since 1970; ids "
        "are 16 bytes that grow with time.",
        "These tables are Ostiary's own and change with its versions: read them to understand, change "
        "data through the commands.",
        "What has expired is refused because the clock says so, and swept away later: see "
        "[Retention](retention.md).",
        *(_table_section(name, columns) for name, columns in _schema()),
        "## Types of events\n\nThe values of `audit_events.type`:\n\n"
        + "\n".join(f"- `{each}`" for each in EventType),
    )


def _schema() -> list[tuple[str, list[sqlite3.Row]]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ostiary.sqlite3"
        ensure_schema(path)
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        found = [
            (name, connection.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall())
            for name in TABLE_TEXTS
        ]
        known = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
    missing = {row["name"] for row in known} - TABLE_TEXTS.keys() - {"alembic_version"}
    if missing:
        raise KeyError(f"tables without a text in TABLE_TEXTS: {sorted(missing)}")
    return found


def _table_section(name: str, columns: Sequence[sqlite3.Row]) -> str:
    rows = [
        (
            code(column["name"]),
            column["type"],
            "key" if column["pk"] else "" if column["notnull"] else "may be null",
        )
        for column in columns
    ]
    return f"## {name}\n\n{TABLE_TEXTS[name]}\n\n{table(('column', 'type', ''), rows)}"


# -------------------------------------------------------------------------------------------------


def retention_page() -> str:
    return page(
        "Retention",
        "Whether something has expired is a comparison with the clock wherever it is used. The sweeper only "
        "keeps the database small: once a minute it walks each table in batches of a few hundred rows with "
        "pauses between them, in one of the processes. There is nothing to schedule and nothing to set.",
        "## Swept",
        table(
            ("table", "a row is of use until", "and is kept", "because"),
            [
                (code(each.table), each.until, f"{written_duration(each.keep)} more", each.because)
                for each in SWEEPS
            ],
        ),
        "What has ended is refused with the same error before it is swept and after. A clock that jumps "
        "ahead by more than an hour is not believed for an hour, in which nothing is swept or "
        "sealed and no key rotated: time to set it right "
        "before anything is lost.",
        "## Kept",
        table(("table", "for how long"), [(code(name), text) for name, text in KEPT.items()]),
    )


KEPT: Mapping[str, str] = {
    "audit_events": "For ever: nothing in Ostiary deletes one.",
    "audit_seals, audit_keys": "For ever, as the events that they seal.",
    "signing_keys": "Public halves for ever, for hints and seals. The private half is destroyed "
    f"{written_duration(ERASURE)} after its successor began to sign.",
    "handle_keys, subject_keys": "For ever: refresh tokens live long, and pairwise subjects never change.",
    "users, memberships, pictures": "For ever: people are switched off, not deleted. A picture can be "
    "taken away.",
    "consents": "As long as the user: what somebody has agreed to is asked once.",
    "issuers, institutions, clients, client_origins, secret_uses, jwks_fetches": "As long as the client "
    "or the issuer. There is one row for each, however many requests there are.",
    "request_counts": "Until the minute after; whoever counts forgets.",
    "leases, jobs": "A few rows, written again and again.",
}


# -------------------------------------------------------------------------------------------------

PAGES: Mapping[str, Callable[[], str]] = {
    "claims.md": claims_page,
    "command-line.md": command_line_page,
    "configuration.md": configuration_page,
    "database.md": database_page,
    "metrics.md": metrics_page,
    "refusals.md": refusals_page,
    "retention.md": retention_page,
}


def main() -> None:
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
