/* SPDX-License-Identifier: Apache-2.0 */
/* The variables are the service manager's word and are still read strictly: a number that is none
 * means that nothing was passed. */
#include "io/systemd.h"

#include "util/macros.h"
#include "util/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static bool env_number(const char *name, uint64_t *ret) {
        const char *text = getenv(name);

        return text && parse_u64(bytes_of(text), 19, ret);
}

void systemd_free_names(char **names) {
        for (char **n = names; n && *n; n++)
                free(*n);
        free(names);
}

/* "a:b": fewer names than descriptors leave the rest "unknown", as sd_listen_fds_with_names(3). */
static char **split_names(const char *text, size_t n) {
        Bytes rest = bytes_of(text), name;
        char **names;

        names = calloc(n + 1, sizeof(*names));
        if (!names)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                if (!bytes_split(&rest, ':', &name) || name.len == 0)
                        name = BYTES("unknown");
                names[i] = bytes_dup(name);
                if (!names[i]) {
                        systemd_free_names(names);
                        return NULL;
                }
        }
        return names;
}

static int close_on_exec(size_t n) {
        for (size_t i = 0; i < n; i++) {
                int fd = SYSTEMD_LISTEN_FDS_START + (int) i, flags = fcntl(fd, F_GETFD);

                if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
                        return -errno;
        }
        return 0;
}

static int take_fds(char ***ret_names) {
        uint64_t pid, n;
        int r;

        if (!getenv("LISTEN_PID") || !getenv("LISTEN_FDS"))
                return 0;
        if (!env_number("LISTEN_PID", &pid) || !env_number("LISTEN_FDS", &n) ||
            n > SYSTEMD_LISTEN_FDS_MAX)
                return -EINVAL;
        if (pid != (uint64_t) getpid() || n == 0) /* they were another process's */
                return 0;

        r = close_on_exec(n);
        if (r < 0)
                return r;
        *ret_names = split_names(getenv("LISTEN_FDNAMES"), n);
        return *ret_names ? (int) n : -ENOMEM;
}

int systemd_listen_fds(char ***ret_names) {
        int r;

        assert(ret_names);

        *ret_names = NULL;
        r = take_fds(ret_names);
        (void) unsetenv("LISTEN_PID");
        (void) unsetenv("LISTEN_FDS");
        (void) unsetenv("LISTEN_FDNAMES");
        return r;
}

void systemd_notify(const char *state) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        size_t len = path ? strlen(path) : 0;
        _cleanup_close_ int fd = -1;

        assert(state);

        if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof(address.sun_path))
                return;
        memcpy(address.sun_path, path, len);
        if (path[0] == '@') /* of the abstract name space, which has no NUL at the end */
                address.sun_path[0] = '\0';

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        (void) sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *) &address,
                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len));
}

uint64_t systemd_watchdog_usec(void) {
        uint64_t usec, pid;

        if (!env_number("WATCHDOG_USEC", &usec))
                return 0;
        if (getenv("WATCHDOG_PID") &&
            (!env_number("WATCHDOG_PID", &pid) || pid != (uint64_t) getpid()))
                return 0; /* meant for another process */
        return usec;
}
