# Sourced, nothing runs: programs of Debian and Ubuntu without root. Packages are downloaded and unpacked into the cache, and a
# wrapper points the loader at the libraries beside them. Nothing outside the cache is touched.

# How to reach apt without root: its lists, locks and downloads live in the cache too.
apt_here() {
  local tool=$1 home=$CACHE/apt
  shift
  mkdir -p "$home/lists/partial" "$home/archives/partial"
  "$tool" -q -o Dir::State="$home" -o Dir::State::Lists="$home/lists" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$home" -o Dir::Cache::archives="$home/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}

has_apt() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && command -v apt-cache >/dev/null
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# The package and every library it depends on, directly or not, that this machine does not have.
missing_packages() {
  echo "$1"
  apt_here apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$1" | sed -n 's/^\([a-z0-9][a-z0-9.+-]*\)\(:[a-z0-9]*\)\?$/\1/p' | sort -u | grep '^lib' |
    while read -r name; do
      is_installed "$name" || echo "$name"
    done
}

# unpack_package PACKAGE PATH-OF-BINARY: leaves a wrapper in $CACHE/PACKAGE-<release>-<arch>/bin and fails if a library is missing.
unpack_package() {
  local package=$1 binary=$2 place
  place=$(unpacked_place "$package")
  rm -rf "$place"
  mkdir -p "$place/debs" "$place/root" "$place/bin"
  apt_here apt-get update
  local wanted
  wanted=$(missing_packages "$package")
  # shellcheck disable=SC2086  # a list of package names
  (cd "$place/debs" && apt_here apt-get download $wanted)
  local deb
  for deb in "$place"/debs/*.deb; do
    dpkg-deb -x "$deb" "$place/root"
  done
  rm -rf "$place/debs"
  local libraries
  libraries=$(find "$place/root" -type d \( -path '*/lib/*-linux-gnu*' -o -name lib \) | paste -sd:)
  if LD_LIBRARY_PATH=$libraries ldd "$place/root$binary" | grep 'not found'; then
    return 1
  fi
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec %s "$@"\n' \
    "'$libraries'" "'$place/root$binary'" >"$place/bin/$package"
  chmod +x "$place/bin/$package"
}

unpacked_place() {
  local release=unknown
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && release=$(. /etc/os-release && echo "${ID:-linux}${VERSION_ID:-}")
  echo "$CACHE/$1-$release-$(uname -m)"
}
