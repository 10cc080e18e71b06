"""An OpenID Provider made of Authlib, Flask and SQLAlchemy; served by granian (application: app).

As Authlib's documentation shows it: clients and tokens in the database by its SQLAlchemy functions, JWT access
tokens (RFC 9068) that can be revoked (a look-up beside their signature), keys held in memory, and what has to last
committed to SQLite with synchronous=FULL. The environment variable SITE names the file that says the rest.
"""

import json
import os
import time
from pathlib import Path
from secrets import token_urlsafe

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import (
    JWTBearerTokenGenerator,
    JWTBearerTokenValidator,
    JWTIntrospectionEndpoint,
)
from authlib.oidc.core import OpenIDCode, OpenIDToken, UserInfo
from flask import Flask, Response, g, jsonify, redirect, request, session
from joserfc.jwk import JWKRegistry, KeySet
from sqlalchemy import Column, Integer, Text, create_engine, event, select, update
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

SITE = json.loads(Path(os.environ["SITE"]).read_text())
ISSUER = f"http://localhost:{SITE['port']}"
KEYS = {each["alg"]: JWKRegistry.import_key(each) for each in SITE["keys"]}
KEY_SET = KeySet(list(KEYS.values()))
# Out of a set, so that the token's header names its key.
ONE_KEY_SETS = {algorithm: KeySet([key]) for algorithm, key in KEYS.items()}
API = "urn:benchmark:api"
LIFETIME = dict.fromkeys(("authorization_code", "client_credentials", "refresh_token"), 600)

engine = create_engine(f"sqlite:///{SITE['file']}")
database = scoped_session(sessionmaker(engine))


@event.listens_for(engine, "connect")
def make_durable(connection, _record):
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


class Base(DeclarativeBase):
    pass


class User:
    def __init__(self, name):
        self.name = name

    def get_user_id(self):
        return self.name


class Client(Base, OAuth2ClientMixin):
    __tablename__ = "clients"
    id = Column(Integer, primary_key=True)


class Code(Base, OAuth2AuthorizationCodeMixin):
    __tablename__ = "codes"
    id = Column(Integer, primary_key=True)
    user_id = Column(Text)


class Token(Base, OAuth2TokenMixin):
    __tablename__ = "tokens"
    id = Column(Integer, primary_key=True)
    user_id = Column(Text)


class Assertion(Base):
    __tablename__ = "assertions"
    jti = Column(Text, primary_key=True)


Base.metadata.create_all(engine)


def new_client(values):
    client = Client(client_id=values["client_id"], client_secret=values.get("client_secret", ""))
    client.set_client_metadata(values)
    return client


def add_clients():
    with database() as adding:
        if adding.scalar(select(Client.id)) is None:
            adding.add_all(map(new_client, SITE["clients"]))
            adding.commit()


class AccessTokens(JWTBearerTokenGenerator):
    def get_jwks(self):
        return ONE_KEY_SETS[self.alg]

    def get_audiences(self, client, user, scope):
        return API

    def get_jti(self, client, grant_type, user, scope):
        g.jti = token_urlsafe(16)
        return g.jti


GENERATORS = {
    algorithm: AccessTokens(
        ISSUER,
        algorithm,
        refresh_token_generator=lambda **_: token_urlsafe(32),
        expires_generator=lambda _client, grant_type: LIFETIME[grant_type],
    )
    for algorithm in KEYS
}


def generate_token(grant_type, client, **arguments):
    algorithm = SITE["accessTokens"][client.client_id]
    return GENERATORS[algorithm](grant_type, client, **arguments)


def save_token(token, asked):
    # The access token by its jti, which is shorter and all that a look-up needs.
    kept = {
        name: token.get(name) for name in ("token_type", "refresh_token", "scope", "expires_in")
    }
    database.add(
        Token(
            client_id=asked.client.client_id,
            user_id=asked.user.get_user_id() if asked.user else None,
            access_token=g.jti,
            **kept,
        )
    )
    database.commit()


class CodeGrant(grants.AuthorizationCodeGrant):
    def save_authorization_code(self, code, request):
        asked = request.payload.data
        database.add(
            Code(
                code=code,
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                user_id=request.user.get_user_id(),
                nonce=asked.get("nonce"),
                code_challenge=asked.get("code_challenge"),
                code_challenge_method=asked.get("code_challenge_method"),
            )
        )
        database.commit()

    def query_authorization_code(self, code, client):
        found = database.scalar(select(Code).where(Code.code == code))
        fits = found and found.client_id == client.client_id and not found.is_expired()
        return found if fits else None

    def delete_authorization_code(self, authorization_code):
        database.delete(authorization_code)
        database.commit()

    def authenticate_user(self, authorization_code):
        return User(authorization_code.user_id)


class RefreshGrant(grants.RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        found = database.scalar(select(Token).where(Token.refresh_token == refresh_token))
        return found if found and not found.is_revoked() else None

    def authenticate_user(self, refresh_token):
        return User(refresh_token.user_id)

    def revoke_old_credential(self, refresh_token):
        now = int(time.time())
        revoked = update(Token).where(Token.id == refresh_token.id)
        database.execute(revoked.values(refresh_token_revoked_at=now, access_token_revoked_at=now))
        database.commit()


class IdTokens:
    def resolve_client_private_key(self, client):
        return KEYS[self.get_client_algorithm(client)]

    def get_client_algorithm(self, client):
        return client.client_metadata["id_token_signed_response_alg"]

    def get_encode_header(self, client):
        algorithm = self.get_client_algorithm(client)
        return {"alg": algorithm, "kid": KEYS[algorithm].kid}

    def get_client_claims(self, client):
        return {"iss": ISSUER, "aud": [client.get_client_id()]}

    def exists_nonce(self, nonce, request):
        return False  # the client checks it

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user.name)


class CodeIdTokens(IdTokens, OpenIDCode):
    pass


class RefreshIdTokens(IdTokens, OpenIDToken):
    pass


class ServiceAuthentication(JWTBearerClientAssertion):
    CLIENT_AUTH_METHOD = "private_key_jwt"

    def get_audiences(self):
        return [ISSUER, f"{ISSUER}/token"]

    def resolve_client_public_key(self, client):
        return KeySet.import_key_set(client.client_metadata["jwks"])

    def validate_jti(self, claims, jti):
        database.add(Assertion(jti=jti))
        database.commit()  # refuses the second of one name
        return True


def is_revoked(claims):
    standing = select(Token.id).where(
        Token.access_token == claims["jti"], Token.access_token_revoked_at == 0
    )
    return database.scalar(standing) is None


class AccessTokenValidator(JWTBearerTokenValidator):
    def get_jwks(self):
        return KEY_SET

    def validate_iss(self, claims, iss):
        return iss == ISSUER

    def authenticate_token(self, token_string):
        claims = super().authenticate_token(token_string)
        return None if claims is None or is_revoked(claims) else claims


class Introspection(JWTIntrospectionEndpoint):
    def get_jwks(self):
        return KEY_SET

    def authenticate_token(self, request, client):
        claims = super().authenticate_token(request, client)
        return None if claims is None or is_revoked(claims) else claims

    def check_permission(self, token, client, request):
        return True


add_clients()
app = Flask(__name__)
app.secret_key = SITE["cookieKey"]
server = AuthorizationServer(
    app, query_client=create_query_client_func(database, Client), save_token=save_token
)
server.register_token_generator("default", generate_token)
server.register_client_auth_method("private_key_jwt", ServiceAuthentication())
for grant, extensions in (
    (CodeGrant, [CodeChallenge(required=True), CodeIdTokens()]),
    (RefreshGrant, [RefreshIdTokens()]),
    (grants.ClientCredentialsGrant, []),
):
    grant.TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "private_key_jwt"]
    server.register_grant(grant, extensions)
server.register_endpoint(Introspection(ISSUER))
protector = ResourceProtector()
protector.register_token_validator(AccessTokenValidator(ISSUER, API))

DISCOVERY = json.dumps(
    {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "introspection_endpoint": f"{ISSUER}/introspect",
        "jwks_uri": f"{ISSUER}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(KEYS),
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
    }
)
JWKS = json.dumps(KEY_SET.as_dict(private=False))
FORM = '<form method="post"><input name="username"><button>Sign in</button></form>'


@app.teardown_request
def forget(_error):
    database.remove()


@app.get("/.well-known/openid-configuration")
def discovery():
    return Response(DISCOVERY, content_type="application/json")


@app.get("/jwks")
def jwks():
    return Response(JWKS, content_type="application/json")


@app.route("/authorize", methods=["GET", "POST"])
def authorize():
    if request.method == "POST":
        session["user"] = request.form["username"]
        return redirect(request.full_path)
    if "user" not in session:
        return FORM
    user = User(session["user"])
    grant = server.get_consent_grant(end_user=user)
    return server.create_authorization_response(grant_user=user, grant=grant)


@app.post("/token")
def token():
    return server.create_token_response()


@app.post("/introspect")
def introspect():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.get("/userinfo")
@protector("openid")
def userinfo():
    return jsonify(
        sub=current_token["sub"],
        name="Alice Example",
        given_name="Alice",
        family_name="Example",
        email="alice@example.com",
        email_verified=True,
    )
