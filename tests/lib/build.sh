# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The builds the suites test, all below the ignored folder build/ of the tree. The presets are read
# from the source, so that nothing has to be installed. The release is built as the packages are:
# with link-time optimisation, which saves a fifth of the instructions of a request.
#
#   build_need NAME             build/NAME (asan or release), set up when missing, always brought up to date
#   build_dir DIR CC OPTION...  the same for any folder, compiler and meson options
#   build_setup DIR CC OPTION...  set up only

BUILD_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

build_jobs() {
        printf '%s\n' "${SOCKGATE_JOBS:-$(nproc)}"
}

build_setup() {
        local dir=$1 cc=$2
        shift 2
        [[ ! -e $dir/build.ninja ]] || return 0
        mkdir -p "${dir%/*}" || return 1
        CC=$cc meson setup --prefix=/usr -Dpreset-dir="$BUILD_TOP/conf/presets" "$@" "$dir" "$BUILD_TOP" </dev/null
}

build_dir() {
        local dir=$1
        mkdir -p "${dir%/*}" || return 1
        (
                flock 9
                build_setup "$@" && ninja -C "$dir" -j "$(build_jobs)"
        ) 9>"$dir.lock" </dev/null
}

build_need() {
        local dir=$BUILD_TOP/build/$1
        case $1 in
        asan) build_dir "$dir" gcc --buildtype=debug -Db_sanitize=address,undefined ;;
        release) build_dir "$dir" gcc -Doptimization=2 -Db_lto=true ;;
        *) printf 'build: no build named %s\n' "$1" >&2; return 1 ;;
        esac
}
