#!/usr/bin/env bash
# Makes a virtual environment: scripts/venv.sh PYTHON FOLDER
set -euo pipefail

python=$1
folder=$2

fail() {
  echo "$*" >&2
  exit 1
}

command -v "$python" >/dev/null ||
  fail "Ostiary needs Python 3.11 or newer, and there is no $python here."

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Ostiary needs Python 3.11 or newer; $python is $("$python" --version). Name another one: make PYTHON=python3.12 ..."

# Debian and Ubuntu ship Python without the means to make an environment.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    fail "Python's venv module is missing: install the package python3-venv, then try again."
  fi
fi

echo "Creating $folder with $("$python" --version)"
"$python" -m venv "$folder"
# --group needs pip 25.1; the one that comes with Python 3.11 is older.
"$folder/bin/python" -m pip --disable-pip-version-check install --quiet --upgrade 'pip>=25.1'
