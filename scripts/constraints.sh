#!/usr/bin/env bash
# Writes constraints.txt: scripts/constraints.sh PYTHON
#
# The versions are what a fresh environment gets today with every dependency group, so that nothing
# is pinned which merely happened to be installed in .venv.
set -euo pipefail

python=$1
folder=build/constraints

rm -rf "$folder"
scripts/venv.sh "$python" "$folder"
pip=("$folder/bin/python" -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet --editable . --group dev --group docs

{
  echo "# The versions that every environment of this project gets. Written by a command, not by hand:"
  echo "#   make constraints"
  "${pip[@]}" freeze --exclude-editable | LC_ALL=C sort --ignore-case
} >"$folder/constraints.txt"

# A version from a folder or an address of this computer would be of no use elsewhere.
if grep -n ' @ ' "$folder/constraints.txt"; then
  echo "constraints.txt was left as it is: the lines above name an address instead of a version." >&2
  exit 1
fi
mv "$folder/constraints.txt" constraints.txt
rm -rf "$folder"
