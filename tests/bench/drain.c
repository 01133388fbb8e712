/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain PATH: reads the unix datagram socket PATH and forgets what it read, so that the proxies
 * that are measured can log. It rests after each batch: reading at once would wake it for each
 * record, and the proxy's time would hold the waking.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_BATCH        128
#define DRAIN_RECORD_BYTES 2048
#define DRAIN_REST_NSEC    (500 * 1000)

static int drain_open(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0) {
                int r = -errno;

                (void) close(fd);
                return r;
        }
        return fd;
}

/* What does not fit is cut off: nobody looks at it. */
static int drain_run(int fd) {
        static char records[DRAIN_BATCH][DRAIN_RECORD_BYTES];
        struct iovec vectors[DRAIN_BATCH];
        struct mmsghdr messages[DRAIN_BATCH];
        const struct timespec rest = { .tv_nsec = DRAIN_REST_NSEC };

        memset(messages, 0, sizeof(messages));
        for (size_t i = 0; i < DRAIN_BATCH; i++) {
                vectors[i] = (struct iovec){ records[i], DRAIN_RECORD_BYTES };
                messages[i].msg_hdr.msg_iov = &vectors[i];
                messages[i].msg_hdr.msg_iovlen = 1;
        }

        for (;;) {
                int n = recvmmsg(fd, messages, DRAIN_BATCH, MSG_WAITFORONE, NULL);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n < DRAIN_BATCH)
                        (void) nanosleep(&rest, NULL);
        }
}

int main(int argc, char *argv[]) {
        int fd, r;

        if (argc != 2) {
                (void) fputs("usage: drain PATH\n", stderr);
                return 2;
        }

        fd = drain_open(argv[1]);
        if (fd < 0) {
                (void) fprintf(stderr, "drain: %s: %s\n", argv[1], strerror(-fd));
                return 1;
        }
        if (puts("ready") < 0 || fflush(stdout) != 0)
                return 1;

        r = drain_run(fd);
        (void) fprintf(stderr, "drain: %s\n", strerror(-r));
        return 1;
}
