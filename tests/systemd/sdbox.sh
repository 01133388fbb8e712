# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A booted systemd in a container of systemd-nspawn, driven without a terminal; the systemd of this
# machine, if there is one, has no part in it.
#
#   sdbox_new NAME ROOT        lay an overlay over ROOT, which is never written: $SDBOX_DIR/NAME/root
#   sdbox_boot NAME [ARG...]   boot it with these arguments of systemd-nspawn
#   sdbox NAME COMMAND...      run a command in it, in no unit; exit code and output come back
#   sdbox_stop NAME            power it off; sdbox_boot boots what it left
#   sdbox_down NAME            power it off and take the overlay away
#
# State is in $SDBOX_DIR/NAME: root, console (the output of the boot), pid (nspawn), leader (PID 1
# of the box as seen from here).

SDBOX_BOOT_SECONDS=120

sdbox_new() {
        local d=$SDBOX_DIR/$1
        mkdir -p "$d"/{up,wk,root}
        mount -t overlay "sdbox-$1" -o "lowerdir=$2,upperdir=$d/up,workdir=$d/wk" "$d/root"
        mkdir -p "$d/root/var/log/journal" # a journal that stays readable after the poweroff
}

# With --keep-unit nspawn roots the cgroup namespace where it stands; in / it would be shared with
# every other box. So the box gets a cgroup of its own, in each hierarchy that systemd uses.
sdbox_cgroups() {
        local c
        for c in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
                [[ ! -w $c/cgroup.procs ]] || printf '%s\n' "$c/sdbox-$1"
        done
}

sdbox_nspawn() {
        local n=$1 c
        shift
        while read -r c; do
                mkdir -p "$c" && echo "$BASHPID" >"$c/cgroup.procs"
        done < <(sdbox_cgroups "$n")
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec systemd-nspawn -q -D "$SDBOX_DIR/$n/root" -M "sdbox-$n" --boot --register=no --keep-unit \
                --console=pipe --link-journal=no --resolv-conf=off --timezone=off "$@"
}

sdbox_boot() {
        local n=$1 d=$SDBOX_DIR/$1 end=$((SECONDS + SDBOX_BOOT_SECONDS)) leader
        shift
        (sdbox_nspawn "$n" "$@") </dev/null >"$d/console" 2>&1 &
        echo $! >"$d/pid"
        while ((SECONDS < end)) && kill -0 "$(<"$d/pid")" 2>/dev/null; do
                leader=$(pgrep -P "$(<"$d/pid")" | head -n 1) || true
                if [[ -n $leader ]]; then
                        echo "$leader" >"$d/leader"
                        case $(sdbox "$n" systemctl is-system-running 2>/dev/null) in
                        running | degraded) return 0 ;;
                        esac
                fi
                sleep 0.1
        done
        printf 'sdbox: %s does not boot:\n' "$n" >&2
        tail -n 40 "$d/console" >&2
        return 1
}

sdbox() {
        local n=$1
        shift
        nsenter -t "$(<"$SDBOX_DIR/$n/leader")" -a -- \
                /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

sdbox_clean() {
        local d=$SDBOX_DIR/$1 c
        umount "$d/root" 2>/dev/null || umount -l "$d/root" 2>/dev/null || true
        while read -r c; do
                [[ ! -d $c ]] || find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done < <(sdbox_cgroups "$1")
}

sdbox_stop() {
        local d=$SDBOX_DIR/$1 pid tick
        [[ -e $d/pid ]] || return 0
        pid=$(<"$d/pid")
        [[ ! -e $d/leader ]] || timeout 20 nsenter -t "$(<"$d/leader")" -a -- /bin/systemctl poweroff >/dev/null 2>&1 || true
        for ((tick = 0; tick < 150; tick++)); do
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.1
        done
        if kill -0 "$pid" 2>/dev/null; then
                [[ ! -e $d/leader ]] || kill -KILL "$(<"$d/leader")" 2>/dev/null || true
                kill -KILL "$pid" 2>/dev/null || true
        fi
        wait "$pid" 2>/dev/null || true
        rm -f "$d/pid" "$d/leader"
}

sdbox_down() {
        sdbox_stop "$1"
        sdbox_clean "$1"
}
