"""Going through an interaction: what each form of its pages proves, and what comes next.

Every use case ends in the same decision: the next step, or the answer to the client.
"""

from dataclasses import dataclass, replace

from ostiary.accounts.factors import FACTORS
from ostiary.accounts.sessions import find_signed_in, plan_sign_in, session_cookie
from ostiary.accounts.throttle import TooManyTries
from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.handles import Handle
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.domain.session import SignedIn
from ostiary.domain.user import User
from ostiary.provider.authorization.code import (
    code_response,
    plan_authorization,
    return_address,
)
from ostiary.provider.exchange import AuthorizationResponse
from ostiary.provider.interaction import Cleared, Step, consent, login, next_step
from ostiary.provider.interaction.opened import OpenInteraction
from ostiary.provider.interaction.state import InteractionState
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.ids import new_id
from ostiary.storage.interactions import Completion, SignInChange


@dataclass(frozen=True, slots=True, kw_only=True)
class AskNext:
    """Something is still to be asked; `cookie` is the new session cookie of a sign-in."""

    step: Step
    cookie: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The interaction is over, with this answer to the client."""

    response: AuthorizationResponse
    cookie: str | None = None


Outcome = AskNext | Finished


class SignInFailed(Exception):
    """The username and password are not a member's."""


class AlreadyFinished(Exception):
    """Another request of the same browser has ended this interaction."""


async def advance(opened: OpenInteraction, op: OpenIDProvider) -> Outcome:
    """The next step, or the code if nothing is left to ask."""
    return await _advance(opened, opened.state, op)


async def identify(opened: OpenInteraction, username: str, op: OpenIDProvider) -> None:
    """The person has typed a username: whoever is signed in, this one is to sign in now.

    Whether it exists is not looked up here.
    """
    await op.store.interactions.set_identifier(
        op.issuer.issuer_id, opened.interaction.interaction_id, username
    )


async def choose_account(opened: OpenInteraction, op: OpenIDProvider, *, another: bool) -> Outcome:
    """The person goes on with the account that is signed in, or wants to use another."""
    await op.store.interactions.choose_account(
        op.issuer.issuer_id, opened.interaction.interaction_id, another=another
    )
    chosen = replace(opened.interaction, account_chosen=True, another_account=another)
    return await _advance(opened, replace(opened.state, interaction=chosen), op)


async def choose_institution(
    opened: OpenInteraction, institution_id: str, op: OpenIDProvider
) -> Outcome:
    """The person says for which of their institutions it is; any other choice counts for nothing."""
    if opened.signed_in is None or institution_id not in opened.signed_in.institution_ids:
        return await advance(opened, op)
    await op.store.interactions.choose_institution(
        op.issuer.issuer_id, opened.interaction.interaction_id, institution_id
    )
    chosen = replace(
        opened.state,
        signed_in=await find_signed_in(
            op.store, op.issuer, opened.session, opened.client, opened.now, institution_id
        ),
        interaction=replace(opened.interaction, institution_id=institution_id),
    )
    return await _advance(opened, chosen, op)


async def sign_in(
    opened: OpenInteraction, factor: str, username: str, presented: str, op: OpenIDProvider
) -> Outcome:
    """Prove a factor. Raises SignInFailed, with an event, when it is not proved, and TooManyTries
    when it is too soon to look at it."""
    client, interaction = opened.client, opened.interaction
    # Another choice of institution is another person's, or one to be made anew.
    wanted = interaction.request.institution_id
    institution_ids = client.institution_ids if wanted is None else (wanted,)
    people = op.people(opened.address, opened.now)
    try:
        user = await FACTORS[factor].verify(people, institution_ids, username, presented)
    except TooManyTries:
        op.observer.sign_in_tried(client, factor, "too_soon")
        raise
    event = AuditEvent(
        type=EventType.SIGN_IN_SUCCEEDED if user else EventType.SIGN_IN_REFUSED,
        at=opened.now,
        actor=user.user_id if user else "unknown",
        client_id=client.client_id,
        user_id=user.user_id if user else None,
        institution_id=client.institution_id,
        details={"factor": factor, "address": opened.address},
    )
    op.observer.sign_in_tried(client, factor, None if user else "not_proved")
    if user is None:
        await op.store.audit.add(op.issuer.issuer_id, event)
        raise SignInFailed
    change = await _begin_session(opened, user, factor, event, op)
    cookie = session_cookie(op.handles, change.session)
    handle = Handle(id=change.session.session_id, generation=change.session.generation)
    proved = replace(
        opened.state,
        signed_in=await find_signed_in(op.store, op.issuer, handle, client, opened.now, wanted),
        interaction=replace(
            interaction,
            signed_in_session=change.session.session_id,
            account_chosen=True,
            another_account=False,
            institution_id=None,
        ),
    )
    return replace(await _advance(opened, proved, op), cookie=cookie)


async def _begin_session(
    opened: OpenInteraction, user: User, factor: str, event: AuditEvent, op: OpenIDProvider
) -> SignInChange:
    """The session of a sign-in: the browser's own goes on, unless it has been ended meanwhile."""
    current = opened.signed_in.session if opened.signed_in else None
    for session in (current, None):
        change = plan_sign_in(
            op.issuer,
            session,
            user.user_id,
            (factor,),
            new_id(opened.now),
            opened.now,
            valid_after=user.valid_after,
        )
        if await op.store.interactions.sign_in(
            op.issuer.issuer_id, opened.interaction.interaction_id, change, event
        ):
            if change.ends is not None:
                op.session_ended.set()
            return change
    raise AlreadyFinished


async def allow(opened: OpenInteraction, op: OpenIDProvider) -> Outcome:
    """The person agrees: to what the stored request asks, whatever the form said."""
    if not _is_at_consent(opened):
        return await advance(opened, op)
    op.observer.consent_answered(opened.client, given=True)
    return await _advance(opened, replace(opened.state, consented_here=True), op)


async def deny(opened: OpenInteraction, op: OpenIDProvider) -> Outcome:
    """The person does not agree. Nothing is remembered."""
    if not _is_at_consent(opened):
        return await advance(opened, op)
    op.observer.consent_answered(opened.client, given=False)
    return await _refuse(opened, ReasonCode.CONSENT_DENIED.refusal(), op, EventType.CONSENT_DENIED)


def _is_at_consent(opened: OpenInteraction) -> bool:
    """Whether consent is what is being asked: a stale form must not answer for a skipped step."""
    step = next_step(opened.state)
    return not isinstance(step, Cleared) and step.STEP == consent.STEP


async def _advance(opened: OpenInteraction, state: InteractionState, op: OpenIDProvider) -> Outcome:
    """Decide on `state`: what was opened, with what has been proved since."""
    step = next_step(state)
    if not isinstance(step, Cleared):
        return AskNext(step=step)
    try:
        return await _complete(opened, state, step.signed_in, op)
    except Refusal as refusal:
        return await _refuse(opened, refusal, op, None)


async def _complete(
    opened: OpenInteraction, state: InteractionState, signed_in: SignedIn, op: OpenIDProvider
) -> Outcome:
    """The code, with the consent that was given: one change, which only one caller makes."""
    authorization = plan_authorization(state, signed_in, new_id(state.now))
    consent_given = consent.given(state) if state.consented_here else None
    end = Completion(
        authorization=authorization,
        consent=consent_given,
        event=None if consent_given is None else _event(opened, EventType.CONSENT_GRANTED),
        pushed_id=opened.interaction.pushed_id,
    )
    if not await op.store.interactions.complete(
        op.issuer.issuer_id, opened.interaction.interaction_id, end
    ):
        if await _has_ended(signed_in, op):
            return AskNext(step=login)
        raise AlreadyFinished
    address = return_address(state.request, op.issuer)
    return Finished(response=code_response(authorization, address, op))


async def _has_ended(signed_in: SignedIn, op: OpenIDProvider) -> bool:
    """Whether another tab has signed the person out while this one was asking."""
    found = await op.store.sessions.find_signed_in(
        op.issuer.issuer_id, signed_in.session.session_id, "", ""
    )
    return found is None or found.session.ended_at is not None


async def _refuse(
    opened: OpenInteraction, refusal: Refusal, op: OpenIDProvider, event: EventType | None
) -> Finished:
    if not await op.store.interactions.refuse(
        op.issuer.issuer_id,
        opened.interaction.interaction_id,
        opened.now,
        None if event is None else _event(opened, event),
        pushed_id=opened.interaction.pushed_id,
    ):
        raise AlreadyFinished
    address = return_address(opened.interaction.request, op.issuer)
    return Finished(response=address.refuse(refusal))


def _event(opened: OpenInteraction, kind: EventType) -> AuditEvent:
    user_id = opened.signed_in.session.user_id if opened.signed_in else None
    return AuditEvent(
        type=kind,
        at=opened.now,
        actor=user_id or "unknown",
        client_id=opened.client.client_id,
        user_id=user_id,
        institution_id=(opened.signed_in and opened.signed_in.institution_id)
        or opened.client.institution_id,
        details={
            "scope": " ".join(sorted(opened.interaction.request.scope)),
            "data": " ".join(sorted(consent.asked_data(opened.state))),
        },
    )
