#!/usr/bin/env bash
# Prints the path of a Chromium that runs, and installs one first where it may (root, apt-get).
# Without one it prints nothing but a sentence on standard error: the tests marked "browser" then
# report that they were not run.
set -euo pipefail

find_browser() {
  local name path
  for name in "${OSTIARY_BROWSER:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] || continue
    path=$(command -v "$name") || continue
    # Ubuntu's chromium-browser may be a script that only says how to install a snap.
    "$path" --version >/dev/null 2>&1 || continue
    echo "$path"
    return 0
  done
  return 1
}

find_browser && exit 0

if [ -z "${OSTIARY_BROWSER:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests (apt-get install chromium)" >&2
  # A failure is no reason to stop here; the sentence below says what follows from it.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null || true
  find_browser && exit 0
fi

echo "No Chromium was found, so the browser tests will not run: install chromium, or set OSTIARY_BROWSER to its path." >&2
exit 1
