#!/usr/bin/env bash
# Install a real udata (the software of data.gouv.fr) and the server that stands in for MongoDB
# into a virtual environment of their own. Nothing happens when that was done already with the
# same versions.
#
# usage: install.sh [VENV]      (default: .real-portal/venv below the project)
#   PYTHON   interpreter to build it with (default python3; at least 3.11)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${1:-$here/../../.real-portal/venv}
python=${PYTHON:-python3}

# udata        the portal
# secantusdb   speaks MongoDB's protocol and brings its own storage: no mongod is needed
# waitress     serves it, with many threads and keep-alive
packages=(udata secantusdb==0.7.0b3 waitress)

stamp=$venv/installed
wanted=$(
    printf '%s\n' "${packages[@]}" "$("$python" --version)"
    cat "$here/constraints.txt"
)
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    echo "The real portal is installed already, in $venv."
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "udata needs Python 3.11 or newer: set PYTHON." >&2
    exit 1
}

echo "Installing the real portal into $venv; this takes about a minute."
rm -f "$stamp"
mkdir -p "$(dirname "$venv")"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    "${packages[@]}" -c "$here/constraints.txt"
printf '%s\n' "$wanted" >"$stamp"
echo "Done: $venv/bin/python $here/serve.py --port 7001"
