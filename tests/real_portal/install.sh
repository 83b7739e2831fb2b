#!/usr/bin/env bash
# Install a real udata (the software of data.gouv.fr) with the dependencies of its day, and the
# server that stands in for MongoDB, each in a virtual environment of its own: old udata wants an
# older pymongo than the database has. Nothing happens when that was done already.
#
# usage: install.sh [VERSION [DIR]]     (default: the newest known, in .real-portal below the project)
#   makes DIR/VERSION and DIR/database; the versions are those of constraints/
#   PYTHON   interpreter to build them with (default python3; at least 3.11)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${1:-17.18.0}
dir=${2:-$here/../../.real-portal}
python=${PYTHON:-python3}

[ -f "$here/constraints/$version.txt" ] || {
    echo "There is no $here/constraints/$version.txt: which versions are dependencies known to work with?" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "udata needs Python 3.11 or newer: set PYTHON." >&2
    exit 1
}

# install NAME PACKAGE...: these packages into DIR/NAME, under the constraints called so.
install() {
    local name=$1 venv=$dir/$1 wanted
    shift
    wanted=$(
        printf '%s\n' "$@" "$("$python" --version)"
        cat "$here/constraints/$name.txt"
    )
    [ -x "$venv/bin/python" ] && [ -f "$venv/installed" ] &&
        [ "$(cat "$venv/installed")" = "$wanted" ] && return
    echo "Installing $* into $venv; this takes about a minute."
    rm -rf "$venv"
    mkdir -p "$dir"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "$@" -c "$here/constraints/$name.txt"
    printf '%s\n' "$wanted" >"$venv/installed"
}

# secantusdb   speaks MongoDB's protocol and brings its own storage: no mongod is needed
# waitress     serves udata, with many threads and keep-alive
install database secantusdb
install "$version" "udata==$version" waitress
echo "udata $version: $dir/$version/bin/python $here/serve.py --port 7001"
