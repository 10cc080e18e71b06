// The programs' side of tests/interop/conversation.py, for those that run on Node.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const settings = {
  issuer: process.env.INTEROP_ISSUER,
  clientId: process.env.INTEROP_CLIENT_ID,
  clientSecret: process.env.INTEROP_CLIENT_SECRET,
  redirectUri: process.env.INTEROP_REDIRECT_URI,
  scope: process.env.INTEROP_SCOPE,
  authMethod: process.env.INTEROP_AUTH_METHOD,
  algorithm: process.env.INTEROP_ALGORITHM,
};

/** The client's own key, whose public half it is registered with: as a JWK, or for Web Crypto. */
export function privateJwk() {
  const jwk = createPrivateKey(readFileSync(process.env.INTEROP_PRIVATE_KEY)).export({ format: "jwk" });
  return { ...jwk, alg: jwk.kty === "RSA" ? "PS256" : "ES256" };
}

const WEB_CRYPTO = {
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
};

export function privateKey() {
  const jwk = privateJwk();
  return crypto.subtle.importKey("jwk", jwk, WEB_CRYPTO[jwk.alg], false, ["sign"]);
}

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Sends the person to an address; where they come back, as a request to the application. */
export async function visit(url) {
  say({ visit: String(url) });
  const { url: callback, body } = JSON.parse((await lines.next()).value);
  if (body === undefined) return new Request(callback);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return new Request(callback, { method: "POST", headers, body });
}

export const header = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[0], "base64url"));
export const payload = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));

/** What the tests want to know of a token response; `claims` are those that the library verified. */
export const told = (tokens, claims) => ({
  token_type: tokens.token_type,
  expires_in: tokens.expires_in,
  scope: tokens.scope,
  algorithm: tokens.id_token && header(tokens.id_token).alg,
  claims,
  refresh_token: tokens.refresh_token,
});

/** Libraries tell what they mind in the cause, sometimes in the cause of the cause. */
const messages = (error) => (error instanceof Error ? `${error.message}: ${messages(error.cause)}` : "");

const described = (error) => ({
  kind: error.constructor.name,
  code: error.code,
  status: error.status,
  error: error.error,
  description: error.error_description,
  message: messages(error),
});

/** What a step that should fail says; its result if it does not. */
export async function attempt(step, describe = described) {
  try {
    return { succeeded: await step() };
  } catch (error) {
    return describe(error);
  }
}

/** The claims parameter as applications send it: each asked for in its own place. OIDC Core §5.5. */
export const CLAIMS = JSON.stringify({
  id_token: { email: null, auth_time: { essential: true } },
  userinfo: { name: null, email: {}, phone: "" },
});

/** Runs the scenario that was asked for, and ends the program with its report or its failure. */
export async function run(scenarios, describe = described) {
  try {
    say({ report: (await scenarios[process.env.INTEROP_SCENARIO]()) ?? {} });
  } catch (error) {
    say({ report: { failure: describe(error) } });
  }
  process.exit(0);
}
