// A relying party made of oauth4webapi alone. tests/interop/conversation.py says what goes in and out.
import * as oauth from "oauth4webapi";
import { attempt, CLAIMS, privateKey, run, settings, told, visit } from "../conversation.mjs";

const AUTHENTICATION = {
  client_secret_basic: () => oauth.ClientSecretBasic(settings.clientSecret),
  client_secret_post: () => oauth.ClientSecretPost(settings.clientSecret),
  private_key_jwt: async () => oauth.PrivateKeyJwt(await privateKey()),
  none: () => oauth.None(),
};

let nonces = 0;

/** The library sends one request at a time: that a server wants a nonce of its own is for us to see. */
async function answered(request, process) {
  try {
    return await process(await request());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    nonces += 1;
    return process(await request());
  }
}

class RelyingParty {
  static async discover({ dpop = false } = {}) {
    const party = new RelyingParty();
    const issuer = new URL(settings.issuer);
    party.options = { [oauth.allowInsecureRequests]: true };
    party.as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, party.options),
    );
    party.client = {
      client_id: settings.clientId,
      id_token_signed_response_alg: settings.algorithm,
    };
    party.auth = await AUTHENTICATION[settings.authMethod]();
    if (dpop) party.options.DPoP = oauth.DPoP(party.client, await oauth.generateKeyPair("ES256"));
    return party;
  }

  async signIn({ more = {}, pushed = false, verifier } = {}) {
    const own = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const parameters = new URLSearchParams({
      client_id: settings.clientId,
      redirect_uri: settings.redirectUri,
      response_type: "code",
      scope: settings.scope,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(own),
      code_challenge_method: "S256",
      ...more,
    });
    const url = new URL(this.as.authorization_endpoint);
    url.search = pushed ? await this.push(parameters) : parameters;
    const back = await visit(url);
    const sent = back.method === "POST" ? new URLSearchParams(await back.text()) : new URL(back.url);
    const proved = await oauth.validateAuthResponse(this.as, this.client, sent, state);
    return this.exchange(proved, verifier ?? own, nonce);
  }

  async push(parameters) {
    const { as, client, auth, options } = this;
    const { request_uri } = await answered(
      () => oauth.pushedAuthorizationRequest(as, client, auth, parameters, options),
      (answer) => oauth.processPushedAuthorizationResponse(as, client, answer),
    );
    return new URLSearchParams({ client_id: settings.clientId, request_uri });
  }

  exchange(proved, verifier, expectedNonce) {
    const { as, client, auth, options } = this;
    const { redirectUri } = settings;
    return answered(
      () => oauth.authorizationCodeGrantRequest(as, client, auth, proved, redirectUri, verifier, options),
      async (answer) => {
        const checks = { expectedNonce, requireIdToken: true };
        const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
        // Without this, the library leaves the ID token's signature to TLS.
        await oauth.validateApplicationLevelSignature(as, answer, options);
        return tokens;
      },
    );
  }

  refresh(refreshToken) {
    const { as, client, auth, options } = this;
    return answered(
      () => oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, options),
      (answer) => oauth.processRefreshTokenResponse(as, client, answer),
    );
  }

  userinfo(accessToken, subject) {
    const { as, client, options } = this;
    return answered(
      () => oauth.userInfoRequest(as, client, accessToken, options),
      (answer) => oauth.processUserInfoResponse(as, client, subject, answer),
    );
  }

  async revoke(token) {
    const { as, client, auth, options } = this;
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, token, options),
    );
  }

  async introspect(token, more) {
    const { as, auth, options } = this;
    const client = { ...this.client, ...more };
    const asked = { ...options, requestJwtResponse: more !== undefined };
    const answer = await oauth.introspectionRequest(as, client, auth, token, asked);
    const told = await oauth.processIntrospectionResponse(as, client, answer);
    if (more !== undefined) await oauth.validateApplicationLevelSignature(as, answer, options);
    return told;
  }

  clientCredentials() {
    const { as, client, auth, options } = this;
    return answered(
      () => oauth.clientCredentialsGrantRequest(as, client, auth, {}, options),
      (answer) => oauth.processClientCredentialsResponse(as, client, answer),
    );
  }
}

const tokensTold = (tokens) => told(tokens, oauth.getValidatedIdTokenClaims(tokens));

async function wholeFlow({ dpop, ...how } = {}) {
  const party = await RelyingParty.discover({ dpop });
  const tokens = await party.signIn(how);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const report = {
    issuer: party.as.issuer,
    tokens: tokensTold(tokens),
    userinfo: await party.userinfo(tokens.access_token, sub),
    refreshes: [],
  };
  let refreshToken = tokens.refresh_token;
  for (let times = 0; times < 2 && refreshToken; times++) {
    const refreshed = await party.refresh(refreshToken);
    const userinfo = await party.userinfo(refreshed.access_token, sub);
    report.refreshes.push({ ...tokensTold(refreshed), userinfo });
    refreshToken = refreshed.refresh_token ?? refreshToken;
  }
  return { ...report, nonces };
}

const signIn = async (how) => void (await (await RelyingParty.discover()).signIn(how));

await run({
  sign_in: () => wholeFlow(),
  form_post: () => wholeFlow({ more: { response_mode: "form_post" } }),
  claims: () => wholeFlow({ more: { claims: CLAIMS } }),
  pushed: () => wholeFlow({ pushed: true }),
  dpop: () => wholeFlow({ dpop: true }),
  pushed_and_bound: () => wholeFlow({ pushed: true, dpop: true }),

  async client_credentials() {
    return { tokens: told(await (await RelyingParty.discover()).clientCredentials()) };
  },

  async revocation() {
    const party = await RelyingParty.discover();
    const { access_token, refresh_token } = await party.signIn();
    await party.revoke(refresh_token);
    return {
      refresh: await attempt(() => party.refresh(refresh_token)),
      userinfo: await attempt(() => party.userinfo(access_token, oauth.skipSubjectCheck)),
    };
  },

  async introspection() {
    const party = await RelyingParty.discover();
    const tokens = await party.signIn();
    const report = {
      claims: oauth.getValidatedIdTokenClaims(tokens),
      access: await party.introspect(tokens.access_token),
      refresh: await party.introspect(tokens.refresh_token),
    };
    await party.revoke(tokens.access_token);
    return { ...report, revoked: await party.introspect(tokens.access_token) };
  },

  /** RFC 9701: the answer as a signed token. */
  async introspection_jwt() {
    const party = await RelyingParty.discover();
    const tokens = await party.signIn();
    const introspection_signed_response_alg = settings.algorithm;
    return {
      claims: oauth.getValidatedIdTokenClaims(tokens),
      access: await party.introspect(tokens.access_token, { introspection_signed_response_alg }),
    };
  },

  wrong_verifier: () => signIn({ verifier: oauth.generateRandomCodeVerifier() }),
  wrong_secret: () => signIn(),
  denied: () => signIn(),
});
