// A relying party made of openid-client alone. tests/interop/conversation.py says what goes in and out.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const {
  INTEROP_ISSUER: issuer,
  INTEROP_CLIENT_ID: clientId,
  INTEROP_CLIENT_SECRET: clientSecret,
  INTEROP_REDIRECT_URI: redirectUri,
  INTEROP_SCOPE: scope,
  INTEROP_ALGORITHM: algorithm,
  INTEROP_AUTH_METHOD: authMethod,
  INTEROP_SCENARIO: scenario,
} = process.env;

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Sends the person to an address; where they come back, as the library wants it. */
async function visit(url) {
  say({ visit: url.href });
  const { url: callback, body } = JSON.parse((await lines.next()).value);
  if (body === undefined) return new URL(callback);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return new Request(callback, { method: "POST", headers, body });
}

const AUTHENTICATION = {
  client_secret_basic: () => client.ClientSecretBasic(clientSecret),
  client_secret_post: () => client.ClientSecretPost(clientSecret),
  none: () => client.None(),
};

function discover(options = {}) {
  return client.discovery(
    new URL(issuer),
    clientId,
    { id_token_signed_response_alg: algorithm },
    AUTHENTICATION[authMethod](),
    // Without the second, the library leaves the ID token's signature to TLS.
    { ...options, execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
}

async function begin(config, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  return { url, checks };
}

async function signIn(config, more) {
  const { url, checks } = await begin(config, more);
  return client.authorizationCodeGrant(config, await visit(url), checks);
}

const header = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[0], "base64url"));

const told = (tokens) => ({
  token_type: tokens.token_type,
  expires_in: tokens.expires_in,
  scope: tokens.scope,
  algorithm: tokens.id_token && header(tokens.id_token).alg,
  claims: tokens.claims?.(),
  refresh_token: tokens.refresh_token,
});

async function wholeFlow(config, more) {
  const tokens = await signIn(config, more);
  const subject = tokens.claims().sub;
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, subject);
  const report = {
    issuer: config.serverMetadata().issuer,
    supports_pkce: config.serverMetadata().supportsPKCE(),
    tokens: told(tokens),
    userinfo,
    refreshes: [],
  };
  let refreshToken = tokens.refresh_token;
  for (let times = 0; times < 2 && refreshToken; times++) {
    const refreshed = await client.refreshTokenGrant(config, refreshToken);
    const answered = await client.fetchUserInfo(config, refreshed.access_token, subject);
    report.refreshes.push({ ...told(refreshed), userinfo: answered });
    refreshToken = refreshed.refresh_token;
  }
  return report;
}

const SCENARIOS = {
  sign_in: async () => wholeFlow(await discover()),
  sign_in_by_oauth_metadata: async () => wholeFlow(await discover({ algorithm: "oauth2" })),
  form_post: async () => wholeFlow(await discover(), { response_mode: "form_post" }),

  async prompt_none() {
    const config = await discover();
    await signIn(config);
    return { tokens: told(await signIn(config, { prompt: "none" })) };
  },

  async prompt_none_alone() {
    await signIn(await discover(), { prompt: "none" });
  },

  async client_credentials() {
    return { tokens: told(await client.clientCredentialsGrant(await discover())) };
  },

  async wrong_verifier() {
    const config = await discover();
    const { url, checks } = await begin(config);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    await client.authorizationCodeGrant(config, await visit(url), { ...checks, pkceCodeVerifier });
  },

  wrong_secret: async () => void (await signIn(await discover())),
  denied: async () => void (await signIn(await discover())),

  // What the metadata promises is held against us: without iss the library must not go on.
  async iss_removed() {
    const config = await discover();
    const { url, checks } = await begin(config);
    const callback = await visit(url);
    callback.searchParams.delete("iss");
    await client.authorizationCodeGrant(config, callback, checks);
  },

  async iss_of_another() {
    const config = await discover();
    const { url, checks } = await begin(config);
    const callback = await visit(url);
    callback.searchParams.set("iss", "https://attacker.example");
    await client.authorizationCodeGrant(config, callback, checks);
  },

  async userinfo_challenge() {
    await client.fetchUserInfo(await discover(), "not-a-token", client.skipSubjectCheck);
  },
};

/** The library tells what it minds in the cause, sometimes in the cause of the cause. */
function messages(error) {
  return error instanceof Error ? `${error.message}: ${messages(error.cause)}` : "";
}

try {
  say({ report: (await SCENARIOS[scenario]()) ?? {} });
} catch (error) {
  say({
    report: {
      failure: {
        kind: error.constructor.name,
        code: error.code,
        status: error.status,
        error: error.error,
        description: error.error_description,
        message: messages(error),
      },
    },
  });
}
process.exit(0);
