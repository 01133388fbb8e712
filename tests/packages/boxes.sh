# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For suites that boot systems with a package in them: $SDBOX_DIR, a folder for all of it, which goes
# away with every box when the suite ends, however it ends.
#
#   boxes_begin NAME [DEB...]   make it; copies of the packages in $SDBOX_DIR/files as 1.deb, 2.deb, ...

BOXES_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
. "$BOXES_TOP/tests/lib/packages.sh"
# shellcheck source-path=SCRIPTDIR source=../systemd/sdbox.sh
. "$BOXES_TOP/tests/systemd/sdbox.sh"

boxes_end() {
        local d
        for d in "$SDBOX_DIR"/*/root; do
                [[ ! -e $d ]] || sdbox_down "$(basename "$(dirname "$d")")"
        done
        rm -rf --one-file-system "$SDBOX_DIR"
}

boxes_begin() {
        local name=$1 deb n=0
        shift
        SDBOX_DIR=$(mktemp -d "/var/tmp/sockgate-$name.XXXXXX")
        export SDBOX_DIR
        trap boxes_end EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        packages_need systemd-container iproute2 procps util-linux
        mkdir "$SDBOX_DIR/files"
        for deb; do
                n=$((n + 1))
                cp "$deb" "$SDBOX_DIR/files/$n.deb"
        done
}
