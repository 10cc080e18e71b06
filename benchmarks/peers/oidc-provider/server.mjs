// Serves oidc-provider on loopback: node server.mjs SITE_FILE
//
// The file says port, keys, clients and the database; without one everything is kept in memory. Only what the
// benchmark's work asks for differs from the package's defaults: clients, keys that survive a restart, refresh tokens
// that rotate, the client credentials grant, introspection, and JWT access tokens for the two APIs.

import { readFileSync } from 'node:fs';

import Provider from 'oidc-provider';

const site = JSON.parse(readFileSync(process.argv[2], 'utf8'));

let adapter;
if (site.database) {
  const { postgresqlAdapter } = await import('./adapter.mjs');
  adapter = await postgresqlAdapter(site.database);
}

const api = (algorithm) => `urn:benchmark:${algorithm.toLowerCase()}`;
const algorithmOf = (client) => site.accessTokens[client.clientId];

const provider = new Provider(`http://localhost:${site.port}`, {
  adapter,
  clients: site.clients,
  jwks: { keys: site.keys },
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
  cookies: { keys: [site.cookieKey] },
  rotateRefreshToken: true,
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // Without an audience of its own a client credentials token would be opaque.
      defaultResource: (context, client, oneOf) => {
        if (oneOf) return oneOf;
        return context.oidc.params.grant_type === 'client_credentials' ? api(algorithmOf(client)) : undefined;
      },
      getResourceServerInfo: (_context, resource, client) => ({
        scope: 'api:read',
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: algorithmOf(client) } },
      }),
    },
  },
});

const server = provider.listen(site.port, '127.0.0.1');
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
