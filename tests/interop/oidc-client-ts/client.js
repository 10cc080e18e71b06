// tests/interop/test_npm_oidc_client_ts.py says what `settings` are and presses these buttons.
const here = `${location.origin}/client.html`;
const manager = new oidc.UserManager({
  redirect_uri: here,
  silent_redirect_uri: here,
  post_logout_redirect_uri: here,
  // It asks for userinfo as a bearer, which a token that is bound to a key must not be.
  loadUserInfo: !settings.dpop,
  automaticSilentRenew: false,
  silentRequestTimeoutInSeconds: 5,
  ...settings,
  ...(settings.dpop && {
    dpop: { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() },
  }),
});

const told = (user) => ({
  tokens: {
    token_type: user.token_type,
    expires_in: user.expires_in,
    refresh_token: user.refresh_token,
    access_token: user.access_token,
  },
  profile: user.profile,
});

/** What a step of the library gave, or its error. */
async function seen(step) {
  try {
    return await step();
  } catch (error) {
    return {
      failure: {
        kind: error.constructor.name,
        name: error.name,
        error: error.error,
        description: error.error_description,
        message: error.message,
      },
    };
  }
}

window.relyingParty = {
  signIn: () => manager.signinRedirect(),
  finish: () => seen(async () => told(await manager.signinRedirectCallback())),
  renew: () => seen(async () => told(await manager.signinSilent())),
  /** Without a refresh token, the library asks in a hidden frame. */
  async renewInFrame() {
    const user = await manager.getUser();
    await manager.storeUser(new oidc.User({ ...user, refresh_token: undefined }));
    return seen(async () => told(await manager.signinSilent()));
  },
  revoke: () => seen(async () => ({ revoked: await manager.revokeTokens() })),
  userinfo: (token) => seen(() => readUserinfo({ authorization: `Bearer ${token}` })),
  userinfoWithProof: () => seen(proveAndReadUserinfo),
  signOut: () => manager.signoutRedirect({ state: "signed-out" }),
  returned: () => seen(async () => ({ state: (await manager.signoutRedirectCallback()).userState })),
};

async function readUserinfo(headers) {
  const answer = await fetch(await manager.metadataService.getUserInfoEndpoint(), { headers });
  if (answer.ok) return { profile: await answer.json() };
  throw new Error(answer.headers.get("www-authenticate"), { cause: answer.headers.get("dpop-nonce") });
}

/** As the library's documentation has it: an application sends the proof, and heeds the nonce. */
async function proveAndReadUserinfo() {
  const [user, url] = [await manager.getUser(), await manager.metadataService.getUserInfoEndpoint()];
  const ask = async (nonce) =>
    readUserinfo({
      authorization: `DPoP ${user.access_token}`,
      DPoP: await manager.dpopProof(url, user, "GET", nonce),
    });
  try {
    return await ask();
  } catch (error) {
    if (!error.cause) throw error;
    return ask(error.cause);
  }
}

if (window.parent !== window) manager.signinSilentCallback();
