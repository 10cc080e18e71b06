// A relying party made of openid-client 5 alone. tests/interop/conversation.py says what goes in and out.
import { generateKeyPairSync } from "node:crypto";
import { custom, generators, Issuer } from "openid-client";
import { attempt, CLAIMS, privateJwk, run, settings, told, visit } from "../conversation.mjs";

async function discover() {
  const issuer = await Issuer.discover(settings.issuer);
  const own = settings.authMethod === "private_key_jwt";
  const client = new issuer.Client(
    {
      client_id: settings.clientId,
      client_secret: settings.clientSecret || undefined,
      redirect_uris: [settings.redirectUri],
      response_types: ["code"],
      token_endpoint_auth_method: settings.authMethod,
      id_token_signed_response_alg: settings.algorithm,
    },
    own ? { keys: [privateJwk()] } : undefined,
  );
  client[custom.clock_tolerance] = 300;
  return client;
}

/** What binds the tokens of a conversation to a key. The library repeats a request for a nonce itself. */
const bound = () => ({ DPoP: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey });

async function signIn(client, { more = {}, changes = {}, pushed = false, key } = {}) {
  const checks = {
    code_verifier: generators.codeVerifier(),
    state: generators.state(),
    nonce: generators.nonce(),
    response_type: "code",
  };
  const parameters = {
    scope: settings.scope,
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: generators.codeChallenge(checks.code_verifier),
    code_challenge_method: "S256",
    ...more,
  };
  const asked = pushed ? await push(client, parameters) : parameters;
  const back = await visit(client.authorizationUrl(asked));
  const { method, url } = back;
  const callback = client.callbackParams({ method, url, body: await back.text() });
  return client.callback(settings.redirectUri, callback, { ...checks, ...changes }, key);
}

async function push(client, parameters) {
  const { request_uri } = await client.pushedAuthorizationRequest(parameters);
  return { request_uri, redirect_uri: undefined, scope: undefined, response_type: undefined };
}

/** As the vendor's sample for the consumer contract asks: the same list in both places. */
const NAMESPACE = "https://api.banno.com/consumer/claim/";
const WANTED = Object.fromEntries(
  ["institution_id", "netteller_id", "customer_identifier"].map((name) => [NAMESPACE + name, null]),
);
const NAMESPACED = JSON.stringify({ id_token: WANTED, userinfo: WANTED });

const tokensTold = (tokens) => told(tokens, tokens.id_token && tokens.claims());

async function wholeFlow(how) {
  const client = await discover();
  const tokens = await signIn(client, how);
  const report = {
    issuer: client.issuer.metadata.issuer,
    tokens: tokensTold(tokens),
    userinfo: await client.userinfo(tokens, how?.key),
    refreshes: [],
  };
  let latest = tokens;
  for (let times = 0; times < 2 && latest.refresh_token; times++) {
    latest = await client.refresh(latest, how?.key);
    const userinfo = await client.userinfo(latest, how?.key);
    report.refreshes.push({ ...tokensTold(latest), userinfo });
  }
  return report;
}

await run({
  sign_in: () => wholeFlow(),
  form_post: () => wholeFlow({ more: { response_mode: "form_post" } }),
  claims: () => wholeFlow({ more: { claims: CLAIMS } }),
  namespaced_claims: () => wholeFlow({ more: { claims: NAMESPACED } }),
  pushed: () => wholeFlow({ pushed: true }),
  dpop: () => wholeFlow({ key: bound() }),

  async client_credentials() {
    const client = await discover();
    return { tokens: tokensTold(await client.grant({ grant_type: "client_credentials" })) };
  },

  async revocation() {
    const client = await discover();
    const { access_token, refresh_token } = await signIn(client);
    await client.revoke(refresh_token);
    return {
      refresh: await attempt(() => client.refresh(refresh_token)),
      userinfo: await attempt(() => client.userinfo(access_token)),
    };
  },

  async introspection() {
    const client = await discover();
    const tokens = await signIn(client);
    const report = {
      claims: tokens.claims(),
      access: await client.introspect(tokens.access_token),
      refresh: await client.introspect(tokens.refresh_token),
    };
    await client.revoke(tokens.access_token);
    return { ...report, revoked: await client.introspect(tokens.access_token) };
  },

  async logout() {
    const client = await discover();
    const url = client.endSessionUrl({
      id_token_hint: await signIn(client),
      post_logout_redirect_uri: settings.redirectUri,
      state: "signed-out",
    });
    const returned = (await visit(url)).url;
    return { returned, again: await attempt(() => signIn(client, { more: { prompt: "none" } })) };
  },

  async wrong_verifier() {
    const changes = { code_verifier: generators.codeVerifier() };
    await signIn(await discover(), { changes });
  },

  wrong_secret: async () => void (await signIn(await discover())),
  denied: async () => void (await signIn(await discover())),
});
