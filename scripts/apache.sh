#!/usr/bin/env bash
# Sees to an Apache with mod_auth_openidc, installed where it may be (root, apt-get): the packages of
# tests/interop/mod_auth_openidc/packages.txt. None of them starts a service. Without them nothing is
# printed but a sentence on standard error: the tests that need them report that they were not run.
set -euo pipefail

cd "$(dirname "$0")/.."

module=/usr/lib/apache2/modules/mod_auth_openidc.so
[ -x /usr/sbin/apache2 ] && [ -e "$module" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  mapfile -t packages < <(grep -v '^#' tests/interop/mod_auth_openidc/packages.txt)
  echo "Installing ${packages[*]} for the interop tests" >&2
  # A failure is no reason to stop here; the sentence below says what follows from it.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"; } >/dev/null || true
  [ -x /usr/sbin/apache2 ] && [ -e "$module" ] && exit 0
fi

echo "No Apache with mod_auth_openidc was found: install libapache2-mod-auth-openidc." >&2
