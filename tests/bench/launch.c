/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch COMMAND...: does of a service manager what a cold start is about. Descriptor 3 listens;
 * when somebody connects, this process becomes COMMAND, which finds it there. Prints "ready\n" when
 * it waits; what the command prints goes to standard error.
 */
#include "bench.h"

#include <poll.h>

#define LISTEN_FD 3

int main(int argc, char **argv) {
        struct pollfd listener = { .fd = LISTEN_FD, .events = POLLIN };
        char pid[24];

        if (argc < 2)
                die("usage: launch COMMAND...");
        (void) snprintf(pid, sizeof(pid), "%ld", (long) getpid());
        if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0)
                die("no memory");
        if (write(STDOUT_FILENO, "ready\n", 6) != 6 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                die("nobody reads: %s", strerror(errno));

        if (poll(&listener, 1, -1) != 1 || !(listener.revents & POLLIN))
                die("descriptor %d does not listen", LISTEN_FD);
        (void) execvp(argv[1], argv + 1);
        die("cannot run %s: %s", argv[1], strerror(errno));
}
