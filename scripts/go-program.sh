#!/usr/bin/env bash
# Builds a program in Go, with the modules that its go.sum names: scripts/go-program.sh FOLDER PROGRAM
set -euo pipefail

folder=$1
program=$PWD/$2

if ! command -v go >/dev/null; then
  echo "Go was not found, so the program of $folder was not built: install Go 1.26 or newer." >&2
  exit 0
fi

echo "Building the program of $folder"
cd "$folder"
go build -buildvcs=false -mod=readonly -o "$program" client.go
