// An Express application with @auth/core through @auth/express. tests/interop/conversation.py says what goes in and out.
import { ExpressAuth } from "@auth/express";
import express from "express";
import { Browser } from "../application.mjs";
import { CLAIMS, payload, privateKey, run, settings, told } from "../conversation.mjs";

async function provider(parameters) {
  const own = settings.authMethod === "private_key_jwt";
  return {
    id: "ostiary",
    name: "Ostiary",
    type: "oidc",
    issuer: settings.issuer,
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    client: {
      token_endpoint_auth_method: settings.authMethod,
      id_token_signed_response_alg: settings.algorithm,
    },
    ...(own && { token: { clientPrivateKey: await privateKey() } }),
    authorization: { params: { scope: settings.scope, ...parameters } },
    checks: ["pkce", "state", "nonce"],
    // The profile of the userinfo endpoint, not the one of the ID token.
    idToken: false,
  };
}

/** What the application learns at a sign-in, or the error that the library logs. */
async function signIn({ change, parameters } = {}) {
  let seen, met, answered;
  const app = express();
  app.use(
    "/auth",
    ExpressAuth({
      providers: [await provider(parameters)],
      secret: "a secret for the session cookie alone",
      trustHost: true,
      logger: {
        error: (error) => (met = error),
        warn: () => {},
        // What the provider answered at the redirect URI is told here alone.
        debug: (word, told) => word === "OAuthCallbackError" && (answered = told),
      },
      debug: true,
      events: { signIn: (event) => void (seen = event) },
    }),
  );
  app.get("/", (request, response) => response.json({}));
  const browser = await Browser.at(app);
  const { csrfToken } = JSON.parse((await browser.open("/auth/csrf")).text);
  const body = new URLSearchParams({ csrfToken, callbackUrl: "/" });
  await browser.signIn("/auth/signin/ostiary", { body, change });
  if (met !== undefined) throw Object.assign(met, answered);
  const claims = payload(seen.account.id_token);
  return { issuer: claims.iss, tokens: told(seen.account, claims), userinfo: seen.profile };
}

/** The outer error says which of the library's steps failed, the inner one why. */
function described(outer) {
  const inner = outer.cause?.err ?? outer;
  return {
    kind: outer.type,
    error: inner.error,
    description: inner.error_description,
    message: inner.message,
  };
}

await run(
  {
    sign_in: () => signIn(),
    wrong_secret: () => signIn(),
    denied: () => signIn(),
    claims: () => signIn({ parameters: { claims: JSON.parse(CLAIMS) } }),
    tampered_state: () => signIn({ change: (sent) => sent.set("state", "of-another") }),
  },
  described,
);
