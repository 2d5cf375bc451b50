# Sourced by scripts/install-deps and scripts/install-servers, which set `here` to their folder and `me` to their name.
. "$here/versions"
deps=${SLUICE_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice/deps}
mkdir -p "$deps"
exec 9>"$deps/.lock"; flock 9   # two clones may install at once

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
