/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who connected. uid, gid and groups are what the kernel wrote down at connect() and are exact.
 * Unit and container come from /proc/PID/cgroup, read once at most: a process that ended may have
 * left its pid to another one, so they count for a verdict only when the pidfd of the peer
 * (SO_PEERPIDFD) shows after the reading that it still lives. A path below what users may arrange
 * themselves names no container. sd_peer_get_unit() and its kin would open the same file once each.
 */
#include "io/peer.h"

#include "util/macros.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define PEER_CGROUP_FILE_MAX 4096 /* a dozen hierarchies of the old kind fit */
#define PEER_UNIT_MAX        256  /* UNIT_NAME_MAX and NUL */
#define PEER_ID_LEN          64
#define PEER_GROUPS_MAX      65536 /* NGROUPS_MAX */

/* One component of a path. */
typedef struct Part {
        const char *text;
        size_t len;
} Part;

static bool part_starts_with(Part p, const char *prefix) {
        size_t n = strlen(prefix);

        return p.len >= n && memcmp(p.text, prefix, n) == 0;
}

static bool part_ends_with(Part p, const char *suffix) {
        size_t n = strlen(suffix);

        return p.len > n && memcmp(p.text + p.len - n, suffix, n) == 0;
}

static bool part_equals(Part p, const char *text) {
        return p.len == strlen(text) && part_starts_with(p, text);
}

static Part part_skip(Part p, size_t n) {
        return (Part){ p.text + n, p.len - n };
}

/* The next component of *rest; false at the end. */
static bool part_next(const char **rest, Part *ret) {
        *rest += strspn(*rest, "/");
        *ret = (Part){ *rest, strcspn(*rest, "/") };
        *rest += ret->len;
        return ret->len > 0;
}

static bool part_is_id(Part p) {
        return p.len == PEER_ID_LEN && strspn(p.text, "0123456789abcdef") >= PEER_ID_LEN;
}

/* "docker-ID.scope", "libpod-ID.scope", "libpod-ID", or ID below "docker". */
static bool part_find_id(Part p, Part parent, Part *ret) {
        bool is_scope = part_ends_with(p, ".scope");

        if (is_scope)
                p.len -= strlen(".scope");

        if (part_starts_with(p, "libpod-"))
                *ret = part_skip(p, strlen("libpod-"));
        else if (is_scope && part_starts_with(p, "docker-"))
                *ret = part_skip(p, strlen("docker-"));
        else if (!is_scope && part_equals(parent, "docker"))
                *ret = p;
        else
                return false;

        return part_is_id(*ret);
}

static void part_copy(Part p, char *room, size_t size) {
        if (p.len >= size)
                return; /* cut it would be another name */

        memcpy(room, p.text, p.len);
        room[p.len] = '\0';
}

void peer_parse_cgroup(const char *path, char *ret_unit, size_t unit_size,
                       char ret_container[PEER_CONTAINER_MAX]) {
        Part part, id, parent = { "", 0 };

        assert(path);
        assert(ret_unit && unit_size > 0);
        assert(ret_container);

        ret_unit[0] = ret_container[0] = '\0';

        while (part_next(&path, &part)) {
                if (!ret_container[0] && part_find_id(part, parent, &id))
                        part_copy(id, ret_container, PEER_CONTAINER_MAX);

                /* systemd puts a _ before names that the kernel could take for its own files. */
                if (part_ends_with(part, ".service") || part_ends_with(part, ".scope")) {
                        part_copy(part_starts_with(part, "_") ? part_skip(part, 1) : part, ret_unit,
                                  unit_size);
                        return; /* what is below belongs to the unit, which may name it at will */
                }

                parent = part;
        }
}

/* The path of the line of /proc/PID/cgroup that begins with the hierarchy, NUL terminated, or NULL.
 * A line that the buffer cut has no end and does not count. */
static char *cgroup_find_line(char *file, const char *hierarchy) {
        for (char *line = file, *end; (end = strchr(line, '\n')); line = end + 1) {
                char *colon = strchr(line, ':');

                if (!colon || colon > end || strncmp(colon, hierarchy, strlen(hierarchy)) != 0)
                        continue;

                *end = '\0';
                return colon + strlen(hierarchy);
        }

        return NULL;
}

/* Content of /proc/PID/cgroup in one read; false when the process is gone or hidden. */
static bool cgroup_read(pid_t pid, char room[static PEER_CGROUP_FILE_MAX]) {
        char path[sizeof("/proc//cgroup") + 3 * sizeof(pid)];
        _cleanup_close_ int fd = -1;
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return false;

        n = read(fd, room, PEER_CGROUP_FILE_MAX - 1);
        if (n < 0)
                return false;

        room[n] = '\0';
        return true;
}

/* Is the process behind the pidfd alive? Unknown counts as no. */
static bool pidfd_is_alive(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        return poll(&p, 1, 0) == 0;
}

/* Keeps two strings in one piece of memory; an empty one becomes NULL. */
static int peer_keep(Peer *p, const char *a, const char *b, const char **ret_a,
                     const char **ret_b) {
        size_t n_a = strlen(a) + 1, n_b = strlen(b) + 1;

        *ret_a = *ret_b = NULL;
        if (!a[0] && !b[0])
                return 0;

        assert(!p->text);
        p->text = malloc(n_a + n_b);
        if (!p->text)
                return -ENOMEM;
        memcpy(p->text, a, n_a);
        memcpy(p->text + n_a, b, n_b);
        if (a[0])
                *ret_a = p->text;
        if (b[0])
                *ret_b = p->text + n_a;
        return 0;
}

/* The unified hierarchy first, then systemd's own of the old kind: hybrid hosts have both. */
static void peer_parse_file(char *file, char *ret_unit, char *ret_container) {
        static const char *const hierarchies[] = { "::", ":name=systemd:" };

        for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
                char *path = cgroup_find_line(file, hierarchies[i]);

                if (!path)
                        continue;

                peer_parse_cgroup(path, ret_unit, PEER_UNIT_MAX, ret_container);
                if (ret_unit[0] || ret_container[0])
                        return;

                path[strlen(path)] = '\n'; /* the file's lines are whole again */
        }
}

static int peer_read_cgroup(int fd, Peer *p) {
        char file[PEER_CGROUP_FILE_MAX], unit[PEER_UNIT_MAX] = "";
        char container[PEER_CONTAINER_MAX] = "";
        _cleanup_close_ int pidfd = -1;
        socklen_t size = sizeof(pidfd);

        if (p->pid <= 0) /* of a pid namespace that we can't see */
                return 0;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0) {
                pidfd = -1;
                if (errno != ENOPROTOOPT) /* gone already: its pid may be another's by now */
                        return 0;
        }

        if (!cgroup_read(p->pid, file))
                return 0;
        peer_parse_file(file, unit, container);

        if (pidfd >= 0 && !pidfd_is_alive(pidfd))
                return 0;

        p->is_pinned = pidfd >= 0;
        return peer_keep(p, unit, container, &p->unit, &p->container);
}

/* No memory is taken when the peer has no groups beside its own: the first call tells how many. */
static int peer_read_groups(int fd, Peer *p) {
        socklen_t size = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
                return 0;
        if (errno != ERANGE || size == 0 || size > PEER_GROUPS_MAX * sizeof(*p->gids))
                return 0;

        p->gids = malloc(size);
        if (!p->gids)
                return -ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, p->gids, &size) < 0)
                return 0;

        p->n_gids = size / sizeof(*p->gids);
        return 0;
}

static int peer_read_unix(int fd, Peer *p) {
        struct ucred cred;
        socklen_t size = sizeof(cred);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
                return -errno;

        p->uid = cred.uid;
        p->gid = cred.gid;
        p->pid = cred.pid;
        return 0;
}

int peer_read_origin(int fd, Peer *p) {
        int r;

        assert(p);

        if (p->is_tcp || p->has_origin || fd < 0)
                return 0;

        p->has_origin = true;
        r = peer_read_groups(fd, p);
        if (r < 0)
                return r;
        return peer_read_cgroup(fd, p);
}

typedef union Address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
} Address;

/* As 16 bytes, IPv4 mapped, and as text, where a mapped one reads as IPv4. */
static int address_format(const Address *a, uint8_t ret_raw[static 16],
                          char ret_text[static PEER_ADDRESS_MAX]) {
        if (a->any.sa_family == AF_INET6) {
                memcpy(ret_raw, &a->v6.sin6_addr, 16);
        } else {
                memcpy(ret_raw, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
                memcpy(ret_raw + 12, &a->v4.sin_addr, 4);
        }

        if (memcmp(ret_raw, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
                if (!inet_ntop(AF_INET, ret_raw + 12, ret_text, PEER_ADDRESS_MAX))
                        return -errno;
        } else if (!inet_ntop(AF_INET6, ret_raw, ret_text, PEER_ADDRESS_MAX)) {
                return -errno;
        }

        return 0;
}

static int peer_read_tcp(int fd, const struct sockaddr *address, Peer *p) {
        char text[PEER_ADDRESS_MAX], local_text[PEER_ADDRESS_MAX];
        Address peer = { 0 }, local = { 0 };
        socklen_t size = sizeof(local);
        uint8_t raw_local[16];
        int r;

        memcpy(&peer, address, address->sa_family == AF_INET6 ? sizeof(peer.v6) : sizeof(peer.v4));
        r = address_format(&peer, p->raw_address, text);
        if (r < 0)
                return r;
        p->port = ntohs(peer.any.sa_family == AF_INET6 ? peer.v6.sin6_port : peer.v4.sin_port);

        if (getsockname(fd, &local.any, &size) < 0)
                return -errno;
        r = address_format(&local, raw_local, local_text);
        if (r < 0)
                return r;
        return peer_keep(p, text, local_text, &p->address, &p->local_address);
}

int peer_read(int fd, const struct sockaddr *address, Peer *ret) {
        Peer p = { .is_tcp = address->sa_family == AF_INET || address->sa_family == AF_INET6 };
        int r;

        assert(fd >= 0);
        assert(ret);

        r = p.is_tcp ? peer_read_tcp(fd, address, &p) : peer_read_unix(fd, &p);
        if (r < 0) {
                peer_done(&p);
                return r;
        }

        *ret = p;
        return 0;
}

bool peer_kernel_has_pidfd(void) {
        int pair[2], pidfd = -1;
        socklen_t size = sizeof(pidfd);
        bool has;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return false;

        has = getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0;
        if (has)
                (void) close(pidfd);
        (void) close(pair[0]);
        (void) close(pair[1]);
        return has;
}
