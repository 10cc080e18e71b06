#!/usr/bin/env bash
# Installs the packages that a folder's package-lock.json names: scripts/node-packages.sh FOLDER
set -euo pipefail

folder=$1

if ! command -v npm >/dev/null; then
  echo "Node (with npm) was not found, so what $folder needs was not installed: install Node 20 or newer." >&2
  exit 0
fi

echo "Installing the packages of $folder"
npm ci --silent --no-audit --no-fund --prefix "$folder"
touch "$folder/node_modules/.installed"
