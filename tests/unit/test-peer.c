/* SPDX-License-Identifier: Apache-2.0 */
/* policy/peer and io/peer: who a client is by the kernel's word, and whether it may talk. */
#include "io/peer.h"
#include "policy/policy.h"

#include "request-fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

DEFINE_CLEANUP(Policy *, policy_unref)

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct {
        const char *path, *unit, *container;
} cgroups[] = {
        { "/", "", "" },
        { "", "", "" },
        { "/system.slice/consumer.service", "consumer.service", "" },
        { "/system.slice/web@1.service/sub/group", "web@1.service", "" },
        { "/init.scope", "init.scope", "" },
        { "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "" },
        { "/system.slice/_cpu.service", "cpu.service", "" },

        { "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
        { "/my.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
        { "/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID },
        { "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID },
        { "/libpod_parent/libpod-" ID, "", ID },
        { "/docker/" ID, "", ID },
        { "/a/docker/" ID, "", ID },
        { "/docker/" ID "/init", "", ID },
        { "/docker/" ID "/docker/" ID2, "", ID },
        { "/system.slice/docker-" ID ".scope/docker/" ID2, "docker-" ID ".scope", ID },

        /* no ids */
        { "/docker/buildkit/" ID, "", "" },
        { "/other/" ID, "", "" },
        { "/" ID, "", "" },
        { "/docker", "", "" },
        { "/docker/" ID "0", "", "" },
        { "/docker/0123456789abcdef", "", "" },
        { "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "", "" },
        { "/docker-" ID, "", "" },
        { "/system.slice/docker-" ID "0.scope", "docker-" ID "0.scope", "" },
        { "/system.slice/docker-web.scope", "docker-web.scope", "" },
        { "/system.slice/docker-" ID ".service", "docker-" ID ".service", "" },
        { "/system.slice/xdocker-" ID ".scope", "xdocker-" ID ".scope", "" },
        { "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "" },

        /* what a unit's owner may name at will says nothing */
        { "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
          "user@1000.service", "" },
        { "/user.slice/user-1000.slice/user@1000.service/docker-" ID ".scope", "user@1000.service",
          "" },
        { "/user.slice/user-1000.slice/user@1000.service/docker/" ID, "user@1000.service", "" },
        { "/system.slice/evil.service/docker-" ID ".scope", "evil.service", "" },
        { "/system.slice/evil.service/libpod-" ID, "evil.service", "" },

        /* no names */
        { "/.service", "", "" },
        { "/.scope", "", "" },
        { "/service", "", "" },
        { "//system.slice///a.service//", "a.service", "" },
};

START_TEST(reads_unit_and_container_out_of_a_cgroup) {
        char unit[256], container[PEER_CONTAINER_MAX];

        peer_parse_cgroup(cgroups[_i].path, unit, sizeof(unit), container);
        ck_assert_msg(strcmp(unit, cgroups[_i].unit) == 0, "%s: %s", cgroups[_i].path, unit);
        ck_assert_msg(strcmp(container, cgroups[_i].container) == 0, "%s: %s", cgroups[_i].path,
                      container);
}
END_TEST

START_TEST(a_unit_that_does_not_fit_is_unknown) {
        char unit[10], container[PEER_CONTAINER_MAX];

        peer_parse_cgroup("/a.service", unit, sizeof(unit), container);
        ck_assert_str_eq(unit, "a.service");
        peer_parse_cgroup("/ab.service", unit, sizeof(unit), container);
        ck_assert_str_eq(unit, "");
}
END_TEST

/* All that can be known, as of a connection that was accepted. */
static int read_peer(int fd, Peer *ret) {
        struct sockaddr_storage address = { 0 };
        socklen_t size = sizeof(address);
        int r;

        ck_assert_int_eq(getpeername(fd, (struct sockaddr *) &address, &size), 0);
        r = peer_read(fd, (const struct sockaddr *) &address, ret);
        if (r >= 0) {
                ck_assert(!ret->has_origin && !ret->unit && !ret->container && !ret->gids);
                r = peer_read_origin(fd, ret);
                ck_assert(ret->has_origin == !ret->is_tcp);
        }
        return r;
}

START_TEST(a_unix_peer_is_this_process) {
        _cleanup_close_ int a = -1, b = -1;
        int pair[2], n;
        gid_t groups[1024];
        Peer p;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        a = pair[0];
        b = pair[1];
        ck_assert_int_eq(read_peer(a, &p), 0);
        ck_assert(!p.is_tcp);
        ck_assert_uint_eq(p.uid, getuid());
        ck_assert_uint_eq(p.gid, getgid());
        ck_assert_int_eq(p.pid, getpid());
        ck_assert_ptr_null(p.address);
        ck_assert(p.is_pinned == peer_kernel_has_pidfd());

        n = getgroups(1024, groups);
        ck_assert_int_ge(n, 0);
        ck_assert_uint_eq(p.n_gids, (size_t) n);
        ck_assert((p.gids != NULL) == (n > 0));
        for (int i = 0; i < n; i++) {
                bool is_there = false;

                for (size_t j = 0; j < p.n_gids; j++)
                        is_there = is_there || p.gids[j] == groups[i];
                ck_assert(is_there);
        }
        peer_done(&p);
        ck_assert_ptr_null(p.unit);
}
END_TEST

/* A listening socket of that address, on a port of the kernel's choice. */
static int listen_at(int family, struct sockaddr *address, socklen_t size) {
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -1;
        if (bind(fd, address, size) < 0 || listen(fd, 8) < 0 ||
            getsockname(fd, address, &size) < 0) {
                (void) close(fd);
                return -1;
        }

        return fd;
}

START_TEST(a_tcp_peer_is_its_address) {
        static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct sockaddr_in own = { 0 };
        socklen_t size = sizeof(own);
        _cleanup_close_ int listener = -1, client = -1, server = -1;
        Peer p;

        listener = listen_at(AF_INET, (struct sockaddr *) &address, sizeof(address));
        ck_assert_int_ge(listener, 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(client, (struct sockaddr *) &own, &size), 0);
        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(server, 0);

        ck_assert_int_eq(read_peer(server, &p), 0);
        ck_assert(p.is_tcp && !p.is_pinned);
        ck_assert_str_eq(p.address, "127.0.0.1");
        ck_assert_str_eq(p.local_address, "127.0.0.1");
        ck_assert_uint_eq(p.port, ntohs(own.sin_port));
        ck_assert_int_eq(memcmp(p.raw_address, mapped, 16), 0);
        ck_assert_int_eq(p.pid, 0);
        peer_done(&p);
}
END_TEST

START_TEST(a_mapped_address_reads_as_ipv4) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
        struct sockaddr_in target = { .sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        _cleanup_close_ int listener = -1, client = -1, server = -1;
        Peer p;

        listener = listen_at(AF_INET6, (struct sockaddr *) &address, sizeof(address));
        if (listener < 0) /* no IPv6 on this machine */
                return;

        target.sin_port = address.sin6_port;
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(client, (struct sockaddr *) &target, sizeof(target)) < 0) /* bindv6only */
                return;
        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(server, 0);
        ck_assert_int_eq(read_peer(server, &p), 0);
        ck_assert_str_eq(p.address, "127.0.0.1");
        ck_assert_str_eq(p.local_address, "127.0.0.1");
        peer_done(&p);
}
END_TEST

/* Connects from a process that is gone before it is looked at. */
START_TEST(a_peer_that_ended_has_no_unit_and_no_container) {
        struct sockaddr_un {
                sa_family_t family;
                char path[108];
        } address = { .family = AF_UNIX };
        socklen_t size = sizeof(sa_family_t); /* autobind: a name of the kernel's choice */
        _cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), server = -1;
        pid_t child;
        int status;
        Peer p;

        ck_assert_int_ge(listener, 0);
        ck_assert_int_eq(bind(listener, (struct sockaddr *) &address, size), 0);
        ck_assert_int_eq(listen(listener, 8), 0);
        size = sizeof(address);
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *) &address, &size), 0);

        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
                int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

                _exit(fd >= 0 && connect(fd, (struct sockaddr *) &address, size) == 0 ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);

        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(server, 0);
        ck_assert_int_eq(read_peer(server, &p), 0);
        ck_assert_uint_eq(p.uid, getuid());
        ck_assert_int_eq(p.pid, child);
        ck_assert_ptr_null(p.unit);
        ck_assert_ptr_null(p.container);
        ck_assert(!p.is_pinned);
        peer_done(&p);
}
END_TEST

START_TEST(what_is_no_socket_is_an_error) {
        static const struct sockaddr unix_address = { .sa_family = AF_UNIX };
        static const struct sockaddr_in tcp_address = { .sin_family = AF_INET };
        _cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        Peer p = { .uid = 7 };

        ck_assert_int_lt(peer_read(fd, &unix_address, &p), 0);
        ck_assert_int_lt(peer_read(fd, (const struct sockaddr *) &tcp_address, &p), 0);
        ck_assert_uint_eq(p.uid, 7);
        peer_done(NULL);
}
END_TEST

/* The policy's side. */

static char unit_web[] = "web.service";
static uint32_t groups_44[] = { 44, 1001 };
static char unit_empty[] = "";

#define V4(a, b, c, d)                                                                             \
        { [10] = 0xff, 0xff, (a), (b), (c), (d) }

static const Peer unix_peer = {
        .uid = 1000,
        .gid = 100,
        .gids = groups_44,
        .n_gids = 2,
        .unit = unit_web,
        .container = ID,
        .is_pinned = true,
};
static const Peer unpinned_peer = { .uid = 1000, .unit = unit_web, .container = ID };
static const Peer bare_peer = { .uid = 0, .gid = 0, .is_pinned = true, .unit = unit_empty };
static const Peer tcp_peer = {
        .is_tcp = true,
        .address = "172.17.0.2",
        .raw_address = V4(172, 17, 0, 2),
        .unit = unit_web,
        .container = ID,
        .is_pinned = true,
};
static const Peer tcp6_peer = {
        .is_tcp = true,
        .address = "fd00::1",
        .raw_address = { 0xfd, [15] = 1 },
};

typedef enum Key { KEY_UIDS, KEY_GIDS, KEY_UNITS, KEY_CONTAINERS, KEY_ADDRESSES } Key;

static const struct {
        Key key;
        const Peer *peer;
        uint32_t ids[2];
        size_t n_ids;
        const char *words;
        PolicyNetwork network;
        bool is_allowed;
} cases[] = {
        { KEY_UIDS, &unix_peer, { 1000 }, 1, .is_allowed = true },
        { KEY_UIDS, &unix_peer, { 5, 1000 }, 2, .is_allowed = true },
        { KEY_UIDS, &unix_peer, { 1001 }, 1 },
        { KEY_UIDS, &unix_peer, { 100 }, 1 },
        { KEY_UIDS, &unix_peer, { 0 }, 0 },
        { KEY_UIDS, &bare_peer, { 1000 }, 1 },
        { KEY_UIDS, &tcp_peer, { 0 }, 1 },

        { KEY_GIDS, &unix_peer, { 100 }, 1, .is_allowed = true },
        { KEY_GIDS, &unix_peer, { 44 }, 1, .is_allowed = true },
        { KEY_GIDS, &unix_peer, { 7, 1001 }, 2, .is_allowed = true },
        { KEY_GIDS, &unix_peer, { 1000 }, 1 },
        { KEY_GIDS, &tcp_peer, { 0 }, 1 },

        { KEY_UNITS, &unix_peer, .words = "web.service", .is_allowed = true },
        { KEY_UNITS, &unix_peer, .words = "db.service web*", .is_allowed = true },
        { KEY_UNITS, &unix_peer, .words = "*.scope" },
        { KEY_UNITS, &unix_peer, .words = "WEB.service" },
        { KEY_UNITS, &unpinned_peer, .words = "web.service" },
        { KEY_UNITS, &bare_peer, .words = "*" },
        { KEY_UNITS, &tcp_peer, .words = "*" },

        { KEY_CONTAINERS, &unix_peer, .words = ID, .is_allowed = true },
        { KEY_CONTAINERS, &unix_peer, .words = ID2 " " ID, .is_allowed = true },
        { KEY_CONTAINERS, &unix_peer, .words = "0123456789ab*", .is_allowed = true },
        { KEY_CONTAINERS, &unix_peer, .words = "0123456789ab" },
        { KEY_CONTAINERS, &unpinned_peer, .words = ID },
        { KEY_CONTAINERS, &bare_peer, .words = "*" },
        { KEY_CONTAINERS, &tcp_peer, .words = "*" },

        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 17, 0, 0), 112 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 17, 0, 2), 128 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 17, 0, 3), 127 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 17, 0, 3), 128 } },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 18, 0, 0), 112 } },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 16, 0, 0), 108 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(172, 32, 0, 0), 108 } },
        { KEY_ADDRESSES, &tcp_peer, .network = { V4(0, 0, 0, 0), 96 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { { 0 }, 0 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp_peer, .network = { { 0 }, 129 } },
        { KEY_ADDRESSES, &tcp6_peer, .network = { { 0xfd }, 8 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp6_peer, .network = { { 0xfc }, 7 }, .is_allowed = true },
        { KEY_ADDRESSES, &tcp6_peer, .network = { { 0xfc }, 8 } },
        { KEY_ADDRESSES, &tcp6_peer, .network = { V4(0, 0, 0, 0), 96 } },
        { KEY_ADDRESSES, &unix_peer, .network = { { 0 }, 0 } },
};

static uint32_t *copy_ids(const uint32_t *ids, size_t n) {
        uint32_t *copy = calloc(n + 1, sizeof(*copy));

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, ids, n * sizeof(*copy));
        return copy;
}

static void set_key(Policy *p, int i) {
        switch (cases[i].key) {
        case KEY_UIDS:
                p->has_uids = true;
                p->uids = copy_ids(cases[i].ids, cases[i].n_ids);
                p->n_uids = cases[i].n_ids;
                break;
        case KEY_GIDS:
                p->has_gids = true;
                p->gids = copy_ids(cases[i].ids, cases[i].n_ids);
                p->n_gids = cases[i].n_ids;
                break;
        case KEY_UNITS:
                p->has_units = true;
                fixture_words(&p->units, cases[i].words);
                break;
        case KEY_CONTAINERS:
                p->has_containers = true;
                fixture_words(&p->containers, cases[i].words);
                break;
        case KEY_ADDRESSES:
                p->has_addresses = true;
                p->addresses = malloc(sizeof(*p->addresses));
                ck_assert_ptr_nonnull(p->addresses);
                *p->addresses = cases[i].network;
                p->n_addresses = 1;
                break;
        }
}

START_TEST(a_peer_meets_a_key_as_the_table_says) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        Decision d;

        set_key(p, _i);
        d = policy_decide_peer(p, cases[_i].peer);
        ck_assert_int_eq(d.verdict, cases[_i].is_allowed ? VERDICT_ALLOW : VERDICT_DENY);
        if (cases[_i].is_allowed)
                return;

        ck_assert_str_eq(d.reason, "peer-not-allowed");
        ck_assert_ptr_nonnull(d.text);
        ck_assert(d.is_final && !d.is_malformed);
        ck_assert(bytes_eq_str(d.subject, cases[_i].peer->address));
}
END_TEST

START_TEST(whoever_can_open_the_socket_may_talk_without_keys) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        ck_assert_int_eq(policy_decide_peer(p, &unix_peer).verdict, VERDICT_ALLOW);
        ck_assert_int_eq(policy_decide_peer(p, &bare_peer).verdict, VERDICT_ALLOW);
        ck_assert_int_eq(policy_decide_peer(p, &tcp_peer).verdict, VERDICT_ALLOW);
}
END_TEST

START_TEST(all_keys_have_to_be_met) {
        static const uint32_t uid = 1000, gid = 44;
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();

        p->has_uids = p->has_gids = p->has_units = p->has_containers = true;
        p->uids = copy_ids(&uid, 1);
        p->gids = copy_ids(&gid, 1);
        p->n_uids = p->n_gids = 1;
        fixture_words(&p->units, "web.*");
        fixture_words(&p->containers, ID);
        ck_assert_int_eq(policy_decide_peer(p, &unix_peer).verdict, VERDICT_ALLOW);

        p->uids[0]++;
        ck_assert_int_eq(policy_decide_peer(p, &unix_peer).verdict, VERDICT_DENY);
        p->uids[0]--;
        p->gids[0]++;
        ck_assert_int_eq(policy_decide_peer(p, &unix_peer).verdict, VERDICT_DENY);
        p->gids[0]--;
        p->has_addresses = true; /* no unix peer meets it */
        ck_assert_int_eq(policy_decide_peer(p, &unix_peer).verdict, VERDICT_DENY);
}
END_TEST

int main(void) {
        Suite *s = suite_create("peer");
        TCase *t = tcase_create("peer");

        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, reads_unit_and_container_out_of_a_cgroup, 0,
                            (int) ARRAY_SIZE(cgroups));
        tcase_add_test(t, a_unit_that_does_not_fit_is_unknown);
        tcase_add_test(t, a_unix_peer_is_this_process);
        tcase_add_test(t, a_tcp_peer_is_its_address);
        tcase_add_test(t, a_mapped_address_reads_as_ipv4);
        tcase_add_test(t, a_peer_that_ended_has_no_unit_and_no_container);
        tcase_add_test(t, what_is_no_socket_is_an_error);
        tcase_add_loop_test(t, a_peer_meets_a_key_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(t, whoever_can_open_the_socket_may_talk_without_keys);
        tcase_add_test(t, all_keys_have_to_be_met);
        suite_add_tcase(s, t);
        return fixture_run(s);
}
