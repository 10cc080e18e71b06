// oidc-provider's storage over PostgreSQL, as good as we could make it: one table, found by its primary key or by one
// of two partial indexes, prepared statements on held connections, one statement a call.

import pg from 'pg';

const GRANTABLE = new Set([
  'AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest',
]);

const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (
  model text NOT NULL, id text NOT NULL, payload json NOT NULL, grant_id text, uid text,
  expires_at timestamptz, consumed_at timestamptz,
  PRIMARY KEY (model, id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS entries_by_grant ON entries (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_by_uid ON entries (model, uid) WHERE uid IS NOT NULL;
`;

const STATEMENTS = {
  upsert: `INSERT INTO entries (model, id, payload, grant_id, uid, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (model, id) DO UPDATE SET payload = EXCLUDED.payload, grant_id = EXCLUDED.grant_id,
      uid = EXCLUDED.uid, expires_at = EXCLUDED.expires_at`,
  find: 'SELECT payload, expires_at, consumed_at FROM entries WHERE model = $1 AND id = $2',
  findByUid: 'SELECT payload, expires_at, consumed_at FROM entries WHERE model = $1 AND uid = $2',
  consume: 'UPDATE entries SET consumed_at = now() WHERE model = $1 AND id = $2',
  destroy: 'DELETE FROM entries WHERE model = $1 AND id = $2',
  revoke: 'DELETE FROM entries WHERE grant_id = $1',
};

export async function postgresqlAdapter(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 8, min: 8, idleTimeoutMillis: 0 });
  await pool.query(SCHEMA);
  const run = (name, ...values) => pool.query({ name, text: STATEMENTS[name], values });

  function read({ rows: [row] }) {
    if (!row || (row.expires_at && row.expires_at < new Date())) return undefined;
    return row.consumed_at ? { ...row.payload, consumed: Math.floor(row.consumed_at / 1000) } : row.payload;
  }

  return class PostgresqlAdapter {
    constructor(model) { this.model = model; }

    async upsert(id, payload, expiresIn) {
      const grantId = GRANTABLE.has(this.model) ? payload.grantId : undefined;
      const expiresAt = expiresIn ? new Date(Date.now() + expiresIn * 1000) : undefined;
      await run('upsert', this.model, id, JSON.stringify(payload), grantId, payload.uid, expiresAt);
    }

    async find(id) { return read(await run('find', this.model, id)); }

    async findByUid(uid) { return read(await run('findByUid', this.model, uid)); }

    async findByUserCode() { return undefined; }  // no device flow here

    async consume(id) { await run('consume', this.model, id); }

    async destroy(id) { await run('destroy', this.model, id); }

    async revokeByGrantId(grantId) { await run('revoke', grantId); }
  };
}
