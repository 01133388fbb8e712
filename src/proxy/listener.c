/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's queue is the only queue: a listener that is paused loses nobody. The descriptor is
 * systemd's: never shut down or unlinked. */
#include "proxy/listener.h"

#include "io/log.h"
#include "policy/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define LISTENER_WARN_USEC (10 * USEC_PER_SEC)

static int socket_option(int fd, int option) {
        int value = -1;
        socklen_t len = sizeof(value);

        return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

ListenerKind listener_check(int fd, bool *ret_is_tcp) {
        int domain = socket_option(fd, SO_DOMAIN);

        if (socket_option(fd, SO_TYPE) != SOCK_STREAM)
                return LISTENER_NOT_SOCKET;
        if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6)
                return LISTENER_BAD_FAMILY;
        if (socket_option(fd, SO_ACCEPTCONN) != 1)
                return LISTENER_NOT_LISTENING;

        *ret_is_tcp = domain != AF_UNIX;
        return LISTENER_GOOD;
}

/* Dead TCP peers fall to keepalive (POLICY 5: 60/10/6). Accepted sockets inherit all of this. */
static void listener_set_tcp_options(int fd) {
        static const struct {
                int level, option, value;
        } options[] = {
                { IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 },
                { IPPROTO_TCP, TCP_KEEPIDLE, 60 }, { IPPROTO_TCP, TCP_KEEPINTVL, 10 },
                { IPPROTO_TCP, TCP_KEEPCNT, 6 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                (void) setsockopt(fd, options[i].level, options[i].option, &options[i].value,
                                  sizeof(options[i].value));
}

static void listener_pause_for(Listener *l, uint64_t usec) {
        listener_pause(l);
        loop_deadline_set(l->loop, &l->resume, loop_now(l->loop) + usec);
}

/* No descriptor left: one connection is taken with the spare one and closed, so that its client
 * learns at once; then a pause, no spin. */
static void listener_on_exhaustion(Listener *l) {
        uint64_t now = loop_now(l->loop);
        int fd;

        if (l->spare_fd >= 0) {
                (void) close(l->spare_fd);
                fd = accept4(l->watch.fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0)
                        (void) close(fd);
                l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        if (l->warned_usec == 0 || now - l->warned_usec >= LISTENER_WARN_USEC) {
                log_line(LOG_WARNING,
                         "no descriptor left for a connection to %s: raise LimitNOFILE=", l->name);
                l->warned_usec = now;
        }
        listener_pause_for(l, LIMIT_ACCEPT_PAUSE_USEC);
}

/* One connection a turn of the loop: who else waits raises the event again, together with all
 * others at hand, and a call that finds nobody is saved. */
static void listener_on_events(LoopWatch *w, uint32_t events) {
        Listener *l = (Listener *) ((char *) w - offsetof(Listener, watch));
        struct sockaddr_storage peer = { 0 };
        socklen_t size = sizeof(peer);
        int fd;

        (void) events;
        if (!l->owner->has_room(l->userdata)) {
                listener_pause_for(l, LIMIT_ACCEPT_PAUSE_USEC);
                return;
        }

        fd = accept4(w->fd, (struct sockaddr *) &peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
                listener_on_exhaustion(l);
                return;
        }
        if (fd < 0)
                return;

        l->owner->on_connection(l->userdata, l, &fd, (const struct sockaddr *) &peer);
        if (fd >= 0)
                (void) close(fd);
}

static void listener_on_resume(Deadline *d) {
        listener_resume((Listener *) ((char *) d - offsetof(Listener, resume)));
}

int listener_init(Listener *l, Loop *loop, int fd, const char *name, const ListenerOwner *owner,
                  void *userdata) {
        int flags;

        *l = (Listener){
                .watch = { .fd = fd, .on_events = listener_on_events },
                .loop = loop,
                .name = strdup(name),
                .is_tcp = socket_option(fd, SO_DOMAIN) != AF_UNIX,
                .spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
                .owner = owner,
                .userdata = userdata,
        };
        if (!l->name)
                return -ENOMEM;

        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
            fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                return -errno;
        if (l->is_tcp)
                listener_set_tcp_options(fd);
        return loop_deadline_add(loop, &l->resume, listener_on_resume);
}

void listener_done(Listener *l) {
        if (!l->loop)
                return;

        listener_pause(l);
        if (l->resume.on_expired)
                loop_deadline_remove(l->loop, &l->resume);
        if (l->spare_fd >= 0)
                (void) close(l->spare_fd);
        (void) close(l->watch.fd);
        free(l->name);
}

void listener_pause(Listener *l) {
        if (!l->is_watched)
                return;
        l->is_watched = false;
        loop_unwatch(l->loop, &l->watch);
}

void listener_resume(Listener *l) {
        if (l->is_watched)
                return;
        loop_deadline_set(l->loop, &l->resume, LOOP_NEVER);
        if (loop_watch(l->loop, &l->watch, EPOLLIN) < 0)
                listener_pause_for(l, LIMIT_ACCEPT_PAUSE_USEC);
        else
                l->is_watched = true;
}

bool listener_has_waiting(const Listener *l) {
        struct pollfd p = { .fd = l->watch.fd, .events = POLLIN };

        return poll(&p, 1, 0) > 0;
}
