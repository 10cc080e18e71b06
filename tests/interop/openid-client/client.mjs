// A relying party made of openid-client alone. tests/interop/conversation.py says what goes in and out.
import * as client from "openid-client";
import { attempt, CLAIMS, privateKey, run, settings, told, visit } from "../conversation.mjs";

const AUTHENTICATION = {
  client_secret_basic: () => client.ClientSecretBasic(settings.clientSecret),
  client_secret_post: () => client.ClientSecretPost(settings.clientSecret),
  private_key_jwt: async () => client.PrivateKeyJwt(await privateKey()),
  none: () => client.None(),
};

async function discover(options = {}) {
  return client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    { id_token_signed_response_alg: settings.algorithm },
    await AUTHENTICATION[settings.authMethod](),
    // Without the second, the library leaves the ID token's signature to TLS.
    { ...options, execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
}

/** What binds the tokens of a conversation to a key. The library repeats a request for a nonce itself. */
const bound = async (config) => ({
  DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()),
});

/** Where the person came back, as the library wants it. */
async function comeBack(url) {
  const request = await visit(url);
  return request.method === "POST" ? request : new URL(request.url);
}

async function begin(config, { more = {}, pushed = false, key } = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: settings.redirectUri,
    scope: settings.scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, key)
    : client.buildAuthorizationUrl(config, parameters);
  return { url, checks };
}

async function signIn(config, how) {
  const { url, checks } = await begin(config, how);
  return client.authorizationCodeGrant(config, await comeBack(url), checks, undefined, how?.key);
}

async function wholeFlow(config, how) {
  const tokens = await signIn(config, how);
  const subject = tokens.claims().sub;
  const userinfo = (accessToken) => client.fetchUserInfo(config, accessToken, subject, how?.key);
  const report = {
    issuer: config.serverMetadata().issuer,
    supports_pkce: config.serverMetadata().supportsPKCE(),
    tokens: told(tokens, tokens.claims()),
    userinfo: await userinfo(tokens.access_token),
    refreshes: [],
  };
  let refreshToken = tokens.refresh_token;
  for (let times = 0; times < 2 && refreshToken; times++) {
    const refreshed = await client.refreshTokenGrant(config, refreshToken, undefined, how?.key);
    report.refreshes.push({
      ...told(refreshed, refreshed.claims()),
      userinfo: await userinfo(refreshed.access_token),
    });
    refreshToken = refreshed.refresh_token ?? refreshToken;
  }
  return report;
}

async function boundFlow(pushed) {
  const config = await discover();
  return wholeFlow(config, { pushed, key: await bound(config) });
}

/** What the metadata promises is held against us: with another iss the library must not go on. */
async function withChangedCallback(change) {
  const config = await discover();
  const { url, checks } = await begin(config);
  const callback = await comeBack(url);
  change(callback.searchParams);
  await client.authorizationCodeGrant(config, callback, checks);
}

await run({
  sign_in: async () => wholeFlow(await discover()),
  sign_in_by_oauth_metadata: async () => wholeFlow(await discover({ algorithm: "oauth2" })),
  form_post: async () => wholeFlow(await discover(), { more: { response_mode: "form_post" } }),
  claims: async () => wholeFlow(await discover(), { more: { claims: CLAIMS } }),
  pushed: async () => wholeFlow(await discover(), { pushed: true }),
  dpop: () => boundFlow(false),
  pushed_and_bound: () => boundFlow(true),

  async prompt_none() {
    const config = await discover();
    await signIn(config);
    const tokens = await signIn(config, { more: { prompt: "none" } });
    return { tokens: told(tokens, tokens.claims()) };
  },

  prompt_none_alone: async () => void (await signIn(await discover(), { more: { prompt: "none" } })),

  async client_credentials() {
    return { tokens: told(await client.clientCredentialsGrant(await discover())) };
  },

  async revocation() {
    const config = await discover();
    const { access_token, refresh_token } = await signIn(config);
    await client.tokenRevocation(config, refresh_token);
    return {
      refresh: await attempt(() => client.refreshTokenGrant(config, refresh_token)),
      userinfo: await attempt(() => client.fetchUserInfo(config, access_token, client.skipSubjectCheck)),
    };
  },

  async introspection() {
    const config = await discover();
    const tokens = await signIn(config);
    const report = {
      claims: tokens.claims(),
      access: await client.tokenIntrospection(config, tokens.access_token),
      refresh: await client.tokenIntrospection(config, tokens.refresh_token),
    };
    await client.tokenRevocation(config, tokens.access_token);
    return { ...report, revoked: await client.tokenIntrospection(config, tokens.access_token) };
  },

  async logout() {
    const config = await discover();
    const tokens = await signIn(config);
    const url = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: settings.redirectUri,
      state: "signed-out",
    });
    const returned = (await visit(url)).url;
    return { returned, again: await attempt(() => signIn(config, { more: { prompt: "none" } })) };
  },

  async wrong_verifier() {
    const config = await discover();
    const { url, checks } = await begin(config);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    await client.authorizationCodeGrant(config, await comeBack(url), { ...checks, pkceCodeVerifier });
  },

  wrong_secret: async () => void (await signIn(await discover())),
  denied: async () => void (await signIn(await discover())),
  iss_removed: () => withChangedCallback((sent) => sent.delete("iss")),
  iss_of_another: () => withChangedCallback((sent) => sent.set("iss", "https://attacker.example")),

  async userinfo_challenge() {
    await client.fetchUserInfo(await discover(), "not-a-token", client.skipSubjectCheck);
  },
});
