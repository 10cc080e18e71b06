// An Express application with express-openid-connect alone. tests/interop/conversation.py says what goes in and out.
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import oidc from "express-openid-connect";
import { Browser } from "../application.mjs";
import { CLAIMS, header, privateJwk, run, settings, visit } from "../conversation.mjs";

const told = (token, idToken, claims, refreshToken) => ({
  token_type: token.token_type,
  expires_in: token.expires_in,
  algorithm: header(idToken).alg,
  claims,
  refresh_token: refreshToken,
});

async function report({ oidc: session }) {
  const seen = {
    issuer: session.idTokenClaims.iss,
    tokens: told(session.accessToken, session.idToken, session.idTokenClaims, session.refreshToken),
    userinfo: await session.fetchUserInfo(),
    refreshes: [],
  };
  for (let times = 0; times < 2 && session.refreshToken; times++) {
    const token = await session.accessToken.refresh();
    const userinfo = await session.fetchUserInfo();
    seen.refreshes.push({
      ...told(token, session.idToken, session.idTokenClaims, session.refreshToken),
      userinfo,
    });
  }
  return seen;
}

function middleware({ authorizationParams, ...more } = {}) {
  const { origin, pathname } = new URL(settings.redirectUri);
  const own = settings.authMethod === "private_key_jwt";
  return oidc.auth({
    issuerBaseURL: settings.issuer,
    baseURL: origin,
    clientID: settings.clientId,
    clientAuthMethod: settings.authMethod,
    ...(own ? { clientAssertionSigningKey: privateJwk() } : { clientSecret: settings.clientSecret }),
    idTokenSigningAlg: settings.algorithm,
    // Its own default is id_token by form_post, which needs no secret and which Ostiary does not know.
    authorizationParams: { response_type: "code", scope: settings.scope, ...authorizationParams },
    routes: { callback: pathname, postLogoutRedirect: settings.redirectUri },
    secret: "a secret for the session cookie alone",
    ...more,
  });
}

/** A browser that has signed in, and what the application showed it; or the error that it met. */
async function signIn({ config, change, port } = {}) {
  const app = express();
  app.use(middleware(config));
  app.get("/", async (request, response) => response.json(await report(request)));
  app.get("/id-token", (request, response) => response.send(request.oidc.idToken));
  let met;
  app.use((error, request, response, next) => {
    met = error;
    response.sendStatus(500);
  });
  const browser = await Browser.at(app, port);
  const shown = await browser.signIn("/", { change });
  if (met !== undefined) throw met;
  return { browser, seen: JSON.parse(shown.text) };
}

/** Sessions that the provider said are over, in place of a store that all processes share. */
function sessionsOver() {
  const over = new Set();
  return {
    onLogin: false,
    onLogoutToken: async (token) => over.add(token.sid),
    isLoggedOut: async ({ oidc: session }) => over.has(session.idTokenClaims.sid),
  };
}

const wholeFlow = async (how) => (await signIn(how)).seen;

await run({
  sign_in: () => wholeFlow(),
  form_post: () => wholeFlow({ config: { authorizationParams: { response_mode: "form_post" } } }),
  claims: () => wholeFlow({ config: { authorizationParams: { claims: CLAIMS } } }),
  pushed: () => wholeFlow({ config: { pushedAuthorizationRequests: true } }),

  /** What the library asks for when nobody says what to ask for. */
  default_response_type: () => wholeFlow({ config: { authorizationParams: { response_type: undefined } } }),

  async logout() {
    const { browser } = await signIn({ config: { idpLogout: true } });
    const away = await browser.open("/logout");
    return { returned: (await visit(away.location)).url };
  },

  /** The person signs out at the provider, not here; here they are signed out all the same. */
  async backchannel_logout() {
    const { port } = new URL(settings.redirectUri);
    const { browser } = await signIn({ config: { backchannelLogout: sessionsOver() }, port });
    const metadata = await (await fetch(`${settings.issuer}/.well-known/openid-configuration`)).json();
    const id_token_hint = (await browser.open("/id-token")).text;
    const post_logout_redirect_uri = settings.redirectUri;
    await visit(
      `${metadata.end_session_endpoint}?${new URLSearchParams({ id_token_hint, post_logout_redirect_uri })}`,
    );
    const deadline = Date.now() + 10_000;
    let shown = await browser.open("/id-token");
    while (shown.location === undefined && Date.now() < deadline) {
      await sleep(50);
      shown = await browser.open("/id-token");
    }
    return { signed_out: shown.location !== undefined };
  },

  wrong_secret: () => wholeFlow(),
  denied: () => wholeFlow(),
  tampered_state: () => wholeFlow({ change: (sent) => sent.set("state", "of-another") }),
});
