#!/usr/bin/env bash
# Sees to the reverse proxies of docs/how-to/reverse-proxy.md, installed where they may be (root, apt-get):
# Debian's nginx, Caddy, HAProxy and Apache. None of them is started. Without them nothing is printed but a
# sentence on standard error: the tests that need them report that they were not run.
set -euo pipefail

programs=(/usr/sbin/nginx /usr/bin/caddy /usr/sbin/haproxy /usr/sbin/apache2)

all_here() {
  for program in "${programs[@]}"; do
    [ -x "$program" ] || return 1
  done
}

all_here && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing nginx, Caddy, HAProxy and Apache for the tests of reverse proxies" >&2
  # RUNLEVEL keeps their services from being started. A failure is no reason to stop here.
  {
    apt-get update -qq &&
      RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        nginx-light caddy haproxy apache2-bin
  } >/dev/null || true
  all_here && exit 0
fi

echo "No nginx, Caddy, HAProxy and Apache were found: install nginx-light, caddy, haproxy and apache2-bin." >&2
