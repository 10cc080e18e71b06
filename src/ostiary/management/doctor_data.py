"""The doctor's checks of what the database holds, and of how it is looked after."""

from collections.abc import AsyncIterator

from ostiary.domain.counted import counted
from ostiary.domain.instants import readable
from ostiary.domain.issuer import DAY, Issuer
from ostiary.domain.signing_keys import ROTATION_PERIOD, KeyState
from ostiary.management.database_check import check_seals
from ostiary.management.doctor import Patient
from ostiary.management.findings import Finding, fail, fail_as_told, ok, warn
from ostiary.management.issuers import production_faults
from ostiary.management.keys import check_master_key, list_keys
from ostiary.signing.master_key import MasterKeyError
from ostiary.storage.clock import database_clock
from ostiary.storage.postgresql.server import find_server
from ostiary.storage.source import PostgresqlSource

SECRETS_AHEAD = 14 * DAY
MOST_CLOCK_DIFFERENCE = 5
# Jobs are noted every minute while nothing happens.
LONGEST_SILENCE = 300
LONGEST_UNSEALED = 900
# A day for its publication, another for whoever was switched off meanwhile.
LATE_ROTATION = 2 * DAY


async def check_writable(patient: Patient) -> AsyncIterator[Finding]:
    await patient.store.database.check_ready()
    yield ok("database", f"{patient.source} can be read and written")


async def check_server(patient: Patient) -> AsyncIterator[Finding]:
    if not isinstance(patient.source, PostgresqlSource):
        return
    server = await find_server(patient.store.database)
    if server is None:
        return
    if server.above_policies:
        yield warn(
            "server",
            "its role is bound by no row-level security: nothing but Ostiary keeps issuers apart",
            "as a superuser: ALTER ROLE ... NOSUPERUSER NOBYPASSRLS",
        )
    if server.may_forget:
        yield warn(
            "server",
            "synchronous_commit is off: codes and tokens that were used may be good again after a "
            "crash",
            "as a superuser: ALTER DATABASE ... SET synchronous_commit = on",
        )
    if not server.above_policies and not server.may_forget:
        yield ok("server", "row-level security binds its role, and commits are kept")


async def check_clock(patient: Patient) -> AsyncIterator[Finding]:
    theirs = await database_clock(patient.store.database, patient.now)
    ran_at = max([run.ran_at for run in await patient.store.jobs.list()], default=0)
    if abs(theirs - patient.now) > MOST_CLOCK_DIFFERENCE:
        yield fail(
            "clock",
            f"{abs(theirs - patient.now)} s from that of the database",
            "set both by NTP: what expires, and what clients sign, rests on it",
        )
    elif ran_at > patient.now + MOST_CLOCK_DIFFERENCE:
        yield fail(
            "clock",
            f"it says {readable(patient.now)}, but a job has run at {readable(ran_at)}",
            "set it by NTP: it was turned back, or was wrong",
        )
    else:
        yield ok("clock", f"{readable(patient.now)}, as the database has it")


async def check_issuers(patient: Patient) -> AsyncIterator[Finding]:
    if not patient.issuers:
        yield warn("issuers", "there is none yet", "add one with: ostiary apply -f FILE")
    for fault in production_faults(patient.issuers):
        yield fail("issuers", fault, "ostiary serve does not serve it; ostiary dev does")


async def check_keys(patient: Patient) -> AsyncIterator[Finding]:
    for issuer in patient.issuers:
        yield await _keys_of(patient, issuer)


async def _keys_of(patient: Patient, issuer: Issuer) -> Finding:
    name = f"keys of {issuer.issuer_id}"
    try:
        await check_master_key(patient.store, patient.master_key, issuer)
    except MasterKeyError as error:
        return fail_as_told(name, str(error))
    listed = await list_keys(patient.store, issuer, patient.now)
    active = [each.key.activates_at for each in listed if each.state is KeyState.ACTIVE]
    if not active:
        return fail(name, "none is active", "add some with: ostiary key rotate --lead 1h")
    next_rotation = min(active) + ROTATION_PERIOD
    if next_rotation + LATE_ROTATION < patient.now:
        return warn(
            name,
            f"the oldest signs since {readable(min(active))}",
            "find out why housekeeping does not run; by hand: ostiary key rotate",
        )
    days = (patient.now - min(active)) // DAY
    return ok(
        name, f"the oldest is {counted(days, 'day')} old; the next comes {readable(next_rotation)}"
    )


async def check_secrets(patient: Patient) -> AsyncIterator[Finding]:
    for issuer in patient.issuers:
        for client in await patient.store.clients.list(issuer.issuer_id):
            alive = client.alive_secrets(patient.now)
            last = max(
                (each.expires_at or patient.now + 2 * SECRETS_AHEAD for each in alive), default=0
            )
            if alive and last < patient.now + SECRETS_AHEAD:
                yield warn(
                    f"secrets of {issuer.issuer_id}",
                    f"the last one of {client.client_id} expires {readable(last)}",
                    f"give it another: ostiary client secret add {client.client_id}",
                )


async def check_housekeeping(patient: Patient) -> AsyncIterator[Finding]:
    runs = await patient.store.jobs.list()
    if not runs:
        yield warn("housekeeping", "it has never run", "start ostiary serve, which does it")
    for run in runs:
        silent = patient.now - run.ran_at
        if run.error is not None:
            text = f"{run.name} has failed {counted(run.failures, 'time')}: {run.error}"
            yield warn("housekeeping", text, "see the log of ostiary serve")
        elif silent > LONGEST_SILENCE:
            text = f"{run.name} ran {silent} s ago"
            yield warn("housekeeping", text, "start ostiary serve, or see its log")
        else:
            yield ok("housekeeping", f"{run.name} ran {max(silent, 0)} s ago")


async def check_audit(patient: Patient) -> AsyncIterator[Finding]:
    for issuer in patient.issuers:
        yield await check_seals(patient.store, patient.master_key, issuer)
        waiting = await patient.store.seals.waiting(issuer.issuer_id)
        if waiting is not None and waiting.oldest < patient.now - LONGEST_UNSEALED:
            yield warn(
                f"audit of {issuer.issuer_id}",
                f"not sealed: {counted(waiting.events, 'event')}, the oldest of {readable(waiting.oldest)}",
                "find out why housekeeping does not run: see the log of ostiary serve",
            )
