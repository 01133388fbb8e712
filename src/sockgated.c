/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockgated: takes listening sockets from the service manager, options from the command line, and
 * runs the proxy. Opens no socket of its own to listen on.
 */
#include "build-config.h"
#include "config/dropins.h"
#include "io/log.h"
#include "io/peer.h"
#include "io/systemd.h"
#include "proxy/listener.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char *arg_instance = "default";
static const char *arg_config = NULL;
static const char *arg_upstream = NULL;
static const char *arg_journal = "/run/systemd/journal/socket";

static void print_help(void) {
        (void) puts(
                "sockgated [OPTIONS...]\n\n"
                "Stands between programs and the Docker engine's socket. Started by systemd with\n"
                "listening sockets; what may pass is said in /etc/sockgate/INSTANCE.conf.\n\n"
                "  --instance=NAME   read the configuration of this instance [default]\n"
                "  --config=FILE     read FILE and FILE.d/*.conf instead\n"
                "  --upstream=PATH   the engine's socket, instead of the configured one\n"
                "  --journal=PATH    the journal's socket, instead of the system's\n"
                "  --version         print the version\n"
                "  --help            print this\n\n"
                "To try it by hand:\n"
                "  systemd-socket-activate -l /tmp/docker.sock sockgated --config=FILE");
}

/* 0: go on; 1: done; -EINVAL: a bad option, said already. */
static int parse_arguments(int argc, char *argv[]) {
        enum { ARG_INSTANCE = 256, ARG_CONFIG, ARG_UPSTREAM, ARG_JOURNAL, ARG_VERSION, ARG_HELP };
        static const struct option options[] = {
                { "instance", required_argument, NULL, ARG_INSTANCE },
                { "config", required_argument, NULL, ARG_CONFIG },
                { "upstream", required_argument, NULL, ARG_UPSTREAM },
                { "journal", required_argument, NULL, ARG_JOURNAL },
                { "version", no_argument, NULL, ARG_VERSION },
                { "help", no_argument, NULL, ARG_HELP },
                { 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case ARG_INSTANCE:
                        arg_instance = optarg;
                        break;
                case ARG_CONFIG:
                        arg_config = optarg;
                        break;
                case ARG_UPSTREAM:
                        arg_upstream = optarg;
                        break;
                case ARG_JOURNAL:
                        arg_journal = optarg;
                        break;
                case ARG_VERSION:
                        (void) puts("sockgate " SOCKGATE_VERSION);
                        return 1;
                case ARG_HELP:
                        print_help();
                        return 1;
                default:
                        return -EINVAL;
                }

        if (optind < argc) {
                log_line(LOG_ERR, "'%s' is no option; see --help", argv[optind]);
                return -EINVAL;
        }
        if (!dropins_is_instance(bytes_of(arg_instance))) {
                log_line(LOG_ERR, "an instance is named by [a-z][a-z0-9-]{0,21}, not '%s'",
                         arg_instance);
                return -EINVAL;
        }
        return 0;
}

static bool check_socket(int fd) {
        bool is_tcp;

        switch (listener_check(fd, &is_tcp)) {
        case LISTENER_GOOD:
                return true;
        case LISTENER_NOT_SOCKET:
                log_line(LOG_ERR,
                         "descriptor %d is no stream socket: use ListenStream= in the socket unit",
                         fd);
                return false;
        case LISTENER_BAD_FAMILY:
                log_line(LOG_ERR, "descriptor %d is neither a unix nor a TCP socket", fd);
                return false;
        case LISTENER_NOT_LISTENING:
                log_line(LOG_ERR,
                         "descriptor %d is a connection, not a listening socket: use Accept=no",
                         fd);
                return false;
        }
        return false;
}

/* The sockets that the service manager passed; NULL with the reason said when there is none that
 * will do. */
static int *take_sockets(size_t *ret_n, char ***ret_names) {
        int n, *fds;

        n = systemd_listen_fds(ret_names);
        if (n <= 0) {
                log_line(
                        LOG_ERR,
                        "no listening socket was passed: systemd starts sockgated (systemctl start "
                        "sockgate.socket); to try it: systemd-socket-activate -l /tmp/docker.sock "
                        "sockgated "
                        "--config=FILE");
                return NULL;
        }

        fds = calloc((size_t) n, sizeof(*fds));
        for (int i = 0; fds && i < n; i++) {
                fds[i] = SYSTEMD_LISTEN_FDS_START + i;
                if (!check_socket(fds[i])) {
                        free(fds);
                        return NULL;
                }
        }
        *ret_n = (size_t) n;
        return fds;
}

/* A user instance runs under the user's own service manager, with a runtime directory of its own.
 */
static const char *user_runtime_dir(void) {
        const char *dir = getenv("XDG_RUNTIME_DIR");

        return geteuid() != 0 && dir && dir[0] == '/' && getenv("HOME") ? dir : NULL;
}

static char *config_home(void) {
        const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        char *path = NULL;

        if (xdg && xdg[0] == '/')
                return strdup(xdg);
        if (!home || asprintf(&path, "%s/.config", home) < 0)
                return NULL;
        return path;
}

static int run(const int *fds, size_t n_fds, char **names) {
        const char *runtime_dir = user_runtime_dir();
        _cleanup_free_ char *home = runtime_dir ? config_home() : NULL;
        const ProxyOptions options = {
                .load = {
                        .instance = arg_instance,
                        .config_file = arg_config,
                        .preset_dir = SOCKGATE_PRESET_DIR,
                        .is_user = runtime_dir != NULL,
                        .config_home = home,
                        .runtime_dir = runtime_dir ? runtime_dir : "/run",
                        .has_peer_pidfd = peer_kernel_has_pidfd(),
                        .root = "",
                },
                .upstream = arg_upstream,
                .journal_path = arg_journal,
                .fds = fds,
                .fd_names = names,
                .n_fds = n_fds,
        };
        Proxy *proxy = NULL;
        int r;

        r = proxy_new(&options, &proxy);
        if (r >= 0)
                r = proxy_run(proxy);
        if (r < 0)
                log_line(LOG_ERR, "can't go on: %s", strerror(-r));
        proxy_free(proxy);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        _cleanup_free_ int *fds = NULL;
        char **names = NULL;
        size_t n_fds = 0;
        int r;

        r = parse_arguments(argc, argv);
        if (r != 0)
                return r < 0 ? EX_USAGE : EXIT_SUCCESS;

        fds = take_sockets(&n_fds, &names);
        r = fds ? run(fds, n_fds, names) : EX_CONFIG;
        systemd_free_names(names);
        return r;
}
