# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The builds the suites test, all below the ignored folder build/ of the tree. The presets are read
# from the source, so that nothing has to be installed.
#
#   build_need NAME     build/NAME (asan, release or clang), set up when missing, always brought up to date
#   build_dir DIR ARG.. the same for any folder, compiler (CC) and meson options

BUILD_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

build_jobs() {
        printf '%s\n' "${SOCKGATE_JOBS:-$(nproc)}"
}

build_dir() {
        local dir=$1
        shift
        mkdir -p "$dir" || return 1
        (
                flock 9
                if [[ ! -e $dir/build.ninja ]]; then
                        meson setup --prefix=/usr -Dpreset-dir="$BUILD_TOP/conf/presets" "$@" "$dir" "$BUILD_TOP" ||
                                { rm -rf "$dir/meson-private"; exit 1; }
                fi
                ninja -C "$dir" -j "$(build_jobs)"
        ) 9>"$dir.lock" </dev/null
}

build_need() {
        local dir=$BUILD_TOP/build/$1
        case $1 in
        asan) build_dir "$dir" --buildtype=debug -Db_sanitize=address,undefined ;;
        release) build_dir "$dir" --buildtype=release ;;
        clang) CC=clang build_dir "$dir" --buildtype=debug ;;
        *) printf 'build: no build named %s\n' "$1" >&2; return 1 ;;
        esac
}
