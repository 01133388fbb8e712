# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the test suites need from Debian: packages of this machine, single packages of Debian 13 and
# small root file systems. Everything is fetched with apt from the mirror this machine already uses
# and checked against debian-archive-keyring; no host name stands in this tree.
#
#   packages_need PKG...             install what is missing on this machine
#   packages_need_build              install what building sockgate needs
#   packages_fetch_trixie DIR PKG... put the .deb files of Debian 13 (these alone, no dependencies) into DIR
#   packages_root SUITE              print the path of a root to boot with nspawn (bookworm or trixie)
#   packages_root_host SUITE         the same with what hosts of the package have: Docker and rootless Podman
#   packages_root_build SUITE        print the path of a root with all that building the package needs
#   packages_daemon                  print the path of the daemon to test, built when missing
#
# The roots are shared and cached: never write into one, put an overlay over it. The functions
# answer on standard output and talk on standard error.

PACKAGES_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACKAGES_TOP=$(cd "$PACKAGES_LIB/../.." && pwd)
PACKAGES_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PACKAGES_TRIES=3

# shellcheck source-path=SCRIPTDIR source=build.sh
. "$PACKAGES_LIB/build.sh"

packages_say() {
        printf '%s\n' "packages: $*" >&2
}

# packages_retry COMMAND...: up to three times, with a pause in between.
packages_retry() {
        local try
        for ((try = 1; try <= PACKAGES_TRIES; try++)); do
                "$@" </dev/null >&2 && return 0
                packages_say "try $try of $PACKAGES_TRIES failed: $*"
                ((try == PACKAGES_TRIES)) || sleep $((try * 5))
        done
        return 1
}

packages_cache() {
        local dir=${SOCKGATE_CACHE:-/var/cache/sockgate-tests}
        mkdir -p "$dir" && printf '%s\n' "$dir"
}

packages_apt() {
        DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# Once a run of tests/run (which sets SOCKGATE_RUN_DIR), else once a shell. A third-party source
# that cannot be read must not stop the tests: whether the lists are good enough is for the
# installation to say.
packages_update() {
        local stamp=${SOCKGATE_RUN_DIR:+$SOCKGATE_RUN_DIR/apt-updated}
        if [[ -n ${PACKAGES_UPDATED:-} ]] || [[ -n $stamp && -e $stamp ]]; then
                return 0
        fi
        packages_retry packages_apt update || packages_say "apt-get update failed, going on with the lists there are"
        PACKAGES_UPDATED=yes
        if [[ -n $stamp ]]; then
                : >"$stamp"
        fi
}

packages_missing() {
        local pkg
        for pkg; do
                [[ $(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null) == installed ]] || printf '%s\n' "$pkg"
        done
}

packages_need() {
        local -a missing
        local cache
        mapfile -t missing < <(packages_missing "$@")
        ((${#missing[@]})) || return 0
        if ((EUID != 0)); then
                packages_say "not root, cannot install: ${missing[*]}"
                return 1
        fi
        cache=$(packages_cache) || return 1
        packages_say "installing ${missing[*]}"
        (
                flock 9
                packages_update
                packages_retry packages_apt install -y --no-install-recommends "${missing[@]}"
        ) 9>"$cache/install.lock" || return 1
        mapfile -t missing < <(packages_missing "$@")
        ((${#missing[@]} == 0)) || { packages_say "still missing: ${missing[*]}"; return 1; }
}

# Debian 12 has llhttp as C sources only (node-llhttp), Debian 13 as a library.
packages_need_build() {
        local llhttp=node-llhttp
        if [[ -z $(packages_missing libllhttp-dev) ]] || apt-cache show libllhttp-dev >/dev/null 2>&1; then
                llhttp=libllhttp-dev
        fi
        packages_need gcc libc6-dev meson ninja-build pkg-config libinih-dev libjansson-dev \
                check python3 "$llhttp"
}

# The Debian mirror of this machine, as its own apt configuration names it.
packages_mirror() {
        # shellcheck disable=SC2016 # apt expands these
        local format='$(REPO_URI)|$(ORIGIN)|$(LABEL)' mirror
        mirror=$(packages_mirror_of "$format")
        if [[ -z $mirror ]] && ((EUID == 0)); then
                packages_update
                mirror=$(packages_mirror_of "$format")
        fi
        [[ -n $mirror ]] || { packages_say "no Debian mirror in this machine's apt configuration"; return 1; }
        printf '%s\n' "$mirror"
}

packages_mirror_of() {
        apt-get indextargets --format "$1" 'Created-By: Packages' 'Component: main' 2>/dev/null |
                awk -F'|' '$2 == "Debian" && $3 == "Debian" && !n++ { print $1 }'
}

# An apt of our own for Debian 13: own lists, own state; proxies and the like stay the machine's.
packages_apt_trixie() {
        local base
        base=$(packages_cache)/trixie || return 1
        packages_apt -o Dir::State="$base/state" -o Dir::State::Lists="$base/lists" \
                -o Dir::State::status="$base/state/status" -o Dir::Cache="$base/cache" \
                -o Dir::Etc::SourceList="$base/sources.list" -o Dir::Etc::SourceParts=/dev/null \
                -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
                -o APT::Default-Release= -o APT::Sandbox::User=root \
                "$@"
}

packages_update_trixie() {
        local base=$1 mirror
        mirror=$(packages_mirror) || return 1
        mkdir -p "$base"/{state,lists/partial,cache/archives/partial,pool}
        : >"$base/state/status"
        printf 'deb [signed-by=%s] %s trixie main\n' "$PACKAGES_KEYRING" "$mirror" >"$base/sources.list"
        packages_retry packages_apt_trixie update -o APT::Update::Error-Mode=any || return 1
        : >"$base/updated"
}

packages_download_trixie() {
        cd "$1/pool" && packages_apt_trixie download "${@:2}"
}

# The copy that the last download left, by version.
packages_pool_newest() {
        find "$1/pool" -maxdepth 1 -name "$2_*.deb" | sort -V | tail -n 1
}

packages_fetch_trixie() {
        local dir=$1 base pkg deb
        shift
        base=$(packages_cache)/trixie || return 1
        packages_need debian-archive-keyring || return 1
        mkdir -p "$base" "$dir" || return 1
        (
                flock 9
                if [[ -z $(find "$base/updated" -mmin -720 2>/dev/null) ]]; then
                        packages_update_trixie "$base" || exit 1
                fi
                packages_retry packages_download_trixie "$base" "$@" && exit 0
                packages_update_trixie "$base" && packages_retry packages_download_trixie "$base" "$@"
        ) 9>"$base.lock" || packages_say "no download, trying what is cached: $*"
        for pkg; do
                deb=$(packages_pool_newest "$base" "$pkg")
                [[ -n $deb ]] || { packages_say "no package $pkg of Debian 13"; return 1; }
                cp -f "$deb" "$dir/" || return 1
        done
}

# packages_root_make KIND SUITE PKG...: the name carries a checksum of the list of packages, so that
# a changed list makes a new root.
packages_root_make() {
        local kind=$1 suite=$2 cache root mirror include
        shift 2
        include=$(IFS=,; printf '%s' "$*")
        cache=$(packages_cache) || return 1
        root=$cache/$kind-$suite-$(printf '%s' "$include" | sha256sum | cut -c1-12)
        (
                flock 9
                [[ ! -d $root ]] || exit 0
                packages_need mmdebstrap debian-archive-keyring || exit 1
                mirror=$(packages_mirror) || exit 1
                packages_say "making $root (once, about a minute)"
                packages_retry packages_root_build_one "$suite" "$root" "$include" "$mirror"
        ) 9>"$cache/$kind-$suite.lock" >&2 || { packages_say "cannot make a root of $suite"; return 1; }
        printf '%s\n' "$root"
}

packages_root_build_one() {
        local suite=$1 root=$2 include=$3 mirror=$4
        rm -rf --one-file-system "$root.new"
        mmdebstrap --quiet --variant=minbase --include="$include" --aptopt='Acquire::Retries "3"' \
                --keyring="$PACKAGES_KEYRING" "$suite" "$root.new" \
                "deb [signed-by=$PACKAGES_KEYRING] $mirror $suite main" && mv "$root.new" "$root"
}

packages_root() {
        packages_root_make boot "$1" systemd systemd-sysv dbus dbus-user-session libpam-systemd curl \
                python3 libjansson4 libinih1
}

packages_root_host() {
        local -a more=()
        [[ $1 == bookworm ]] || more=(libllhttp9.2 docker-cli passt)
        packages_root_make host "$1" systemd systemd-sysv dbus dbus-user-session libpam-systemd curl python3 \
                libjansson4 libinih1 iproute2 procps docker.io iptables podman crun uidmap slirp4netns \
                fuse-overlayfs netavark aardvark-dns nftables "${more[@]}"
}

packages_root_build() {
        local llhttp=libllhttp-dev
        [[ $1 != bookworm ]] || llhttp=node-llhttp
        packages_root_make build "$1" gcc libc6-dev meson ninja-build pkg-config libinih-dev \
                libjansson-dev check python3 build-essential debhelper lintian "$llhttp"
}

packages_daemon() {
        if [[ -n ${SOCKGATED:-} ]]; then
                printf '%s\n' "$SOCKGATED"
                return 0
        fi
        build_need asan >&2 || return 1
        printf '%s\n' "$PACKAGES_TOP/build/asan/sockgated"
}
