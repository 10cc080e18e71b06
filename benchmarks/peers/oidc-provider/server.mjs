// Serves oidc-provider on loopback with its in-memory store: node server.mjs PORT DATA_DIRECTORY
//
// Only what the benchmark's work asks for differs from the package's defaults: one client, one key that survives a
// restart, refresh tokens that rotate, the client credentials grant, and RS256 JWT access tokens for API.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Provider from 'oidc-provider';

const API = 'urn:benchmark:api';

const [portArgument, dataDirectory] = process.argv.slice(2);
const port = Number(portArgument);
if (!Number.isInteger(port) || port < 1 || port > 65535 || !dataDirectory) {
  process.stderr.write('usage: node server.mjs PORT DATA_DIRECTORY\n');
  process.exit(2);
}

function loadSigningKey(directory) {
  const path = join(directory, 'signing-key.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = {
    ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256',
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(path, JSON.stringify(key), { mode: 0o600 });
  return key;
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'demo-web',
    client_secret: 'demo-web-secret',
    redirect_uris: ['http://localhost:8080/auth/cb'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
  }],
  jwks: { keys: [loadSigningKey(dataDirectory)] },
  claims: {
    openid: ['sub'],
    profile: ['name', 'given_name', 'family_name', 'updated_at'],
    email: ['email', 'email_verified'],
  },
  findAccount: (_context, subject) => ({
    accountId: subject,
    claims: () => ({
      sub: subject,
      name: 'Alice Example',
      given_name: 'Alice',
      family_name: 'Example',
      updated_at: 1700000000,
      email: 'alice@example.com',
      email_verified: true,
    }),
  }),
  rotateRefreshToken: true,
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // Without an audience of its own a client credentials token would be opaque.
      defaultResource: (context, _client, oneOf) => {
        if (oneOf) return oneOf;
        return context.oidc.params.grant_type === 'client_credentials' ? API : undefined;
      },
      getResourceServerInfo: () => ({
        scope: 'api:read',
        audience: API,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

const server = provider.listen(port, '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
