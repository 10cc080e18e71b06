"""Small and large databases: what the same requests cost, and how the engine plans the statements.

The databases are made once a day and kept below build/; each run follows them with its port and keys.
"""

import asyncio
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from statistics import median
from time import time

from benchmarks import cluster, ostiary, plans
from benchmarks.assertions import AssertionKey
from benchmarks.bulk import DAYS_OF_IDS, Amounts, fill
from benchmarks.campaign import Plan, Started, say, start
from benchmarks.cluster import Cluster, as_superuser
from benchmarks.load import Exchange, Load, Measurement, Operation, measure
from benchmarks.messages import LoadError
from benchmarks.processes import free_port, pinned_to
from benchmarks.relying_party import SCOPE, json_object, read_tokens, text
from benchmarks.subjects import Site, Subject, Variant
from benchmarks.tables import listing, table
from benchmarks.workloads import code_flow
from ostiary.domain.handles import Handle, HandleKeys, Purpose
from ostiary.signing.handle_keys import open_handle_keys
from ostiary.signing.master_key import read_master_key
from ostiary.storage.source import PostgresqlSource, Source
from ostiary.storage.store import Store

SIZES = {"1e3": 1_000, "1e5": 100_000, "1e7": 10_000_000}
QUICK_SIZES = ("1e3", "1e5")
FOLDER = Path(__file__).parents[1] / "build" / "benchmarks"
MIGRATIONS = Path(__file__).parents[1] / "src/ostiary/storage/migrations/versions"
ISSUER: Variant = ostiary.VARIANTS[0]
ISSUER_ID = "es256"
ROWS_EACH = 400
"""Of the large table, by each connection: chosen anywhere in it."""
GOAL = 1.5
"""How much slower the slowest percent may be with the most rows than with the fewest."""
STALE_SECONDS = 12 * 3600
"""Sessions end after a day, and are swept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A running server over a database of one size."""

    size: str
    amounts: Amounts
    started: Started
    keys: HandleKeys
    store: Source


def run(plan: Plan, facts: Mapping[str, str], *, quick: bool) -> str:
    names = QUICK_SIZES if quick else tuple(SIZES)
    home = FOLDER / schema_digest()
    parts = [listing(facts.items())]
    with ExitStack() as stack:
        stack.enter_context(pinned_to((plan.cores.generator,)))
        remove_others(home)
        for subject in plan.subjects:
            database = None
            if subject.needs_postgresql:
                kept = cluster.cluster(plan.cores.database, None, keep=home / "postgresql")
                database = stack.enter_context(kept)
            sized = [open_sized(stack, subject, name, home, database, plan) for name in names]
            looked_at = check_plans(sized[-1], database)
            parts.append(f"**{subject.store}** ({looked_at} hot statements, no table read through)")
            parts.append(as_text(list(measure_all(sized, plan)), names))
    return "\n\n".join(parts)


def remove_others(home: Path) -> None:
    """Databases of another schema are of no use."""
    home.mkdir(parents=True, exist_ok=True)
    for other in FOLDER.iterdir():
        if other != home:
            shutil.rmtree(other)


def schema_digest() -> str:
    contents = [path.read_bytes() for path in sorted(MIGRATIONS.glob("*.py"))]
    return sha256(b"".join(contents)).hexdigest()[:12]


def open_sized(
    stack: ExitStack, subject: Subject, size: str, home: Path, database: Cluster | None, plan: Plan
) -> Sized:
    data = home / f"{subject.name}-{size}"
    amounts = kept_amounts(data)
    if amounts is None:
        say(f"making {data.name}")
        amounts = make(subject, data, SIZES[size], database, plan)
    site = site_of(data, database)
    subject.prepare(site)
    started = stack.enter_context(start(subject, site, plan.cores))
    return Sized(
        size=size,
        amounts=amounts,
        started=started,
        keys=asyncio.run(handle_keys(site)),
        store=source_of(site),
    )


def kept_amounts(data: Path) -> Amounts | None:
    notes = data / "amounts.json"
    if not notes.exists():
        return None
    amounts = Amounts(**json.loads(notes.read_text()))
    is_fresh = amounts.began + DAYS_OF_IDS * 86400 > time() - STALE_SECONDS
    return amounts if is_fresh else None


def make(subject: Subject, data: Path, count: int, database: Cluster | None, plan: Plan) -> Amounts:
    """One sign-in through the server, then copies of what it left."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    if database is not None:
        database.administer("dropdb", "--if-exists", data.name)
        database.create(data.name)
    site = site_of(data, database)
    subject.prepare(site)
    with start(subject, site, plan.cores) as started:
        started.target(ISSUER).sign_in(0, scope=f"{SCOPE} offline_access")
    amounts = Amounts.of(count)
    user = asyncio.run(find_user(site))
    bulk_source: Path | str = (
        data / ostiary.DATABASE if database is None else as_superuser(database.url(data.name))
    )
    seconds = fill(bulk_source, amounts, user, ISSUER.client_id)
    say(f"made {data.name} in {seconds:.0f} s")
    (data / "amounts.json").write_text(json.dumps(asdict(amounts)))
    return amounts


def site_of(data: Path, database: Cluster | None) -> Site:
    url = None if database is None else database.url(data.name)
    return Site(port=free_port(), data=data, database_url=url, key=AssertionKey.fresh())


def source_of(site: Site) -> Source:
    if site.database_url is None:
        return site.data / ostiary.DATABASE
    return PostgresqlSource(url=site.database_url)


async def find_user(site: Site) -> str:
    store = Store.open(source_of(site))
    try:
        found = await store.users.find_by_username(ISSUER_ID, "person-0")
        if found is None:
            raise LoadError("person-0 is not in the database")
        return found.user_id
    finally:
        store.close()


async def handle_keys(site: Site) -> HandleKeys:
    store = Store.open(source_of(site))
    try:
        keys = await store.keys.handle_keys(ISSUER_ID)
    finally:
        store.close()
    master_key = read_master_key(site.data / ostiary.MASTER_KEY)
    return open_handle_keys(ISSUER_ID, keys, master_key, int(time()))


def check_plans(largest: Sized, database: Cluster | None) -> int:
    site = largest.started.site
    if database is None:
        return plans.check(plans.sqlite_plans(site.data / ostiary.DATABASE))
    assert site.database_url is not None
    # The policies would be in the way of statements that are for nobody.
    return plans.check(asyncio.run(plans.postgresql_plans(as_superuser(site.database_url))))


def refresh_anywhere(sized: Sized, connections: int) -> list[Operation]:
    tokens = tokens_anywhere(sized, connections)
    return [rotations(sized, each) for each in tokens]


def rotations(sized: Sized, tokens: list[str]) -> Operation:
    """Row after row, each with the successor of its last token."""
    party = sized.started.target(ISSUER).party
    places = cycle(range(len(tokens)))

    def operation() -> Exchange:
        place = next(places)
        form = {"grant_type": "refresh_token", "refresh_token": tokens[place]}
        tokens[place] = text(read_tokens((yield party.token_request(form))), "refresh_token")

    return operation


def introspection_anywhere(sized: Sized, connections: int) -> list[Operation]:
    party = sized.started.target(ISSUER).party
    endpoint = party.endpoint("introspection_endpoint")

    def reading(tokens: list[str]) -> Operation:
        requests = [endpoint.post({"token": token}, party.registration.basic) for token in tokens]
        upcoming = cycle(requests)

        def operation() -> Exchange:
            if json_object((yield next(upcoming))).get("active") is not True:
                raise LoadError("a refresh token of a row that stands is not active")

        return operation

    return [reading(tokens) for tokens in tokens_anywhere(sized, connections)]


def tokens_anywhere(sized: Sized, connections: int) -> list[list[str]]:
    """Refresh tokens of rows chosen by chance, no row twice."""
    wanted = min(ROWS_EACH * connections, sized.amounts.authorizations)
    numbers = random.sample(range(sized.amounts.authorizations), wanted)
    tokens = asyncio.run(current_tokens(sized, numbers))
    return [tokens[number::connections] for number in range(connections)]


async def current_tokens(sized: Sized, numbers: Sequence[int]) -> list[str]:
    store = Store.open(sized.store)
    try:
        found = []
        for number in numbers:
            row_id = sized.amounts.row_id(number)
            standing = await store.authorizations.find_standing(ISSUER_ID, row_id)
            if standing is None:
                raise LoadError(f"row {number} of {sized.size} is not there")
            handle = Handle(id=row_id, generation=standing.authorization.generation)
            found.append(sized.keys.seal(handle, Purpose.REFRESH_TOKEN, ISSUER.client_id))
        return found
    finally:
        store.close()


def flows(sized: Sized, connections: int) -> list[Operation]:
    return code_flow(sized.started.target(ISSUER), connections)


WORK = {
    "refresh, any row": refresh_anywhere,
    "introspection, any row": introspection_anywhere,
    "code flow, a new row": flows,
}
Row = tuple[str, dict[str, float], dict[str, list[float]]]
"""A piece of work; by size its rate and its slowest percents at one rate for all."""


def measure_all(sized: Sequence[Sized], plan: Plan) -> Iterator[Row]:
    for work, prepare in WORK.items():
        prepared = {each.size: prepare(each, plan.connections) for each in sized}
        closed = Load(seconds=plan.seconds, limit=plan.limit)
        rates: dict[str, list[float]] = {each.size: [] for each in sized}
        for _ in range(plan.rounds):
            for each in sized:
                rates[each.size].append(measured(each, prepared[each.size], closed).rate)
        found = {size: median(values) for size, values in rates.items()}
        load = Load(seconds=plan.seconds, limit=plan.limit, rate=min(found.values()) / 2)
        latencies: dict[str, list[float]] = {each.size: [] for each in sized}
        for _ in range(plan.rounds):
            for each in sized:
                run = measured(each, prepared[each.size], load)
                latencies[each.size].append(run.percentile_99)
        yield work, found, latencies


def measured(each: Sized, operations: Sequence[Operation], load: Load) -> Measurement:
    origin = each.started.target(ISSUER).party.token.origin
    return measure(origin, operations, load, each.started.server.cpu_seconds)


def as_text(rows: Sequence[Row], sizes: Sequence[str]) -> str:
    headings = ["work"]
    for size in sizes:
        headings += [f"{size}: per s", "p99 ms"]
    cells = []
    for work, rates, latencies in rows:
        tails = {size: median(latencies[size]) for size in sizes}
        figures = [
            cell for size in sizes for cell in (f"{rates[size]:,.0f}", f"{tails[size] * 1e3:.2f}")
        ]
        cells.append((work, *figures, f"{tails[sizes[-1]] / tails[sizes[0]]:.2f}x"))
    return table((*headings, f"p99, most rows : fewest (at most {GOAL:g}x)"), cells)
