#!/usr/bin/env bash
# Sees to PostgreSQL 15 or newer and PgBouncer, installed where it may be (root, apt-get). The tests run
# a server of their own. Without them nothing is printed but a sentence on standard error: the tests
# that need them report that they were not run.
set -euo pipefail

found() {
  { compgen -G "/usr/lib/postgresql/*/bin/initdb" || command -v initdb; } >/dev/null &&
    PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null
}

found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing postgresql and pgbouncer for the tests" >&2
  # A failure is no reason to stop here; the sentence below says what follows from it.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql pgbouncer; } >/dev/null || true
  found && exit 0
fi

echo "No PostgreSQL with PgBouncer was found: install postgresql and pgbouncer, or leave their tests out: make test ARGS=\"-m 'not postgresql'\"." >&2
