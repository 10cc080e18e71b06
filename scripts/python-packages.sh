#!/usr/bin/env bash
# Installs what a requirements.txt names into an environment of its own:
#   scripts/python-packages.sh PYTHON REQUIREMENTS FOLDER
set -euo pipefail

python=$1
requirements=$2
folder=$3

echo "Installing the packages of $requirements"
# PYTHON's pip serves both, which saves an installation of pip.
"$python" -m venv --clear --without-pip "$folder"
"$python" -m pip --disable-pip-version-check --python "$folder/bin/python" install --quiet --requirement "$requirements"
touch "$folder/.installed"
