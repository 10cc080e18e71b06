"""What browsers come for: to sign in, to sign out, to see a picture."""

from ostiary.provider.pictures import FOLDER, NAME
from ostiary.web.openapi import reasons
from ostiary.web.openapi.model import (
    HTML_TYPE,
    TEXT,
    URI,
    Form,
    Operation,
    Parameter,
    Schema,
    Tag,
)
from ostiary.web.openapi.parameters import CLIENT_ID, authorization_parameters
from ostiary.web.openapi.place import Place
from ostiary.web.openapi.schemas import JWT

_PAGE: dict[str, Schema] = {HTML_TYPE: TEXT}
PICTURE_PATH = f"{FOLDER}/{{id}}/{NAME}"


def describe_authorization(at: Place, method: str) -> Operation:
    parameters = authorization_parameters(at.issuer)
    by_form = method == "POST"
    return Operation(
        path=at.path,
        method=method,
        operation_id="authorizeByForm" if by_form else "authorize",
        tag=Tag.AUTHORIZATION,
        summary=f"Sign a person in{', asked by a form' if by_form else ''}",
        text="The browser is sent here. What has to be asked is asked on our pages, and the outcome "
        "goes to `redirect_uri`. Until it is proved where that may be, a refusal is a page. "
        "OIDC Core §3.1.2.",
        in_query=() if by_form else parameters,
        forms=(Form(name="AuthorizationRequest", title="request", fields=parameters),)
        if by_form
        else (),
        responses=(
            at.answers(
                303,
                "On to our pages, or back to the client: with `code`, or with `error` and "
                "`error_description`, and always with `iss` and the `state` that came.",
                headers={"Location": True, "Ostiary-Reference": False},
                reasons=reasons.RETURNED,
            ),
            at.answers(
                200,
                "A page whose form takes the same to the client, for `response_mode=form_post`.",
                _PAGE,
                {"Ostiary-Reference": False},
            ),
            *at.refuses(reasons.AUTHORIZATION),
        ),
    )


def describe_logout(at: Place, method: str) -> Operation:
    by_form = method == "POST"
    return Operation(
        path=at.path,
        method=method,
        operation_id="logoutByForm" if by_form else "logout",
        tag=Tag.AUTHORIZATION,
        summary=f"Sign a person out{', asked by a form' if by_form else ''}",
        text="The browser is sent here. The person is asked, unless the hint is an ID token of this "
        "very session. Nobody is sent on when anything does not fit. RP-Initiated Logout §2.",
        in_query=() if by_form else _LOGOUT,
        forms=(Form(name="LogoutRequest", title="request", fields=_LOGOUT),) if by_form else (),
        responses=(
            at.answers(
                303,
                "To `post_logout_redirect_uri`, with the `state` that came; to the same request as a "
                "GET, where the browser has left its cookies at home.",
                _PAGE,
                {"Location": True},
            ),
            at.answers(
                200, "The question; or what has been done, where there is nowhere to go.", _PAGE
            ),
            *at.refuses(reasons.LOGOUT),
        ),
    )


_LOGOUT = (
    CLIENT_ID,
    Parameter(
        name="id_token_hint",
        text="An ID token of this client, expired or not.",
        schema=JWT,
        example="$ID_TOKEN",
    ),
    Parameter(
        name="post_logout_redirect_uri",
        text="Where the browser goes in the end: one that is registered, to the letter.",
        schema=URI,
    ),
    Parameter(name="state", text="Comes back as it is."),
)


def describe_picture(at: Place, method: str) -> Operation:
    return Operation(
        path=at.path,
        method=method,
        operation_id="picture",
        tag=Tag.PEOPLE,
        summary="See the picture of a person",
        text="The claim `picture` has the whole address. Who does not know it sees a silhouette, so "
        "that nobody can find out who is there.",
        in_path=(Parameter(name="id", text="Of the user.", required=True, example="$USER_ID"),),
        in_query=(
            Parameter(
                name="institution", text="In which the person is known.", example="$INSTITUTION"
            ),
            Parameter(
                name="tag", text="What makes the address impossible to guess.", example="$TAG"
            ),
        ),
        responses=(
            at.answers(
                200,
                "The picture that was uploaded, or else one drawn from the initials.",
                {"image/png": {}, "image/jpeg": {}, "image/svg+xml": TEXT},
                {"Cache-Control": True},
            ),
            *at.refuses(reasons.PICTURE),
        ),
    )
