/* SPDX-License-Identifier: Apache-2.0 */
/* config/config: what a text means. What it refuses: test-config-refusals.c. */
#include "config-case.h"

/* What the lists of the judged sections hold afterwards. */
static const struct {
        const char *text;
        const char *section, *key;
        const char *words;
} lists[] = {
        /* Built-in words. */
        { "", "container.create", "images", "*" },
        { "", "container.create", "networks", "default bridge none" },
        { "", "container.create", "bind-mounts", "" },
        { "", "container.create", "tmpfs", "yes" },
        { "", "container.create", "privileged", "no" },
        { "", "container.create", "runtimes", "runc" },
        { "", "container.create", "log-drivers", "json-file local journald none" },
        { "", "container.create", "restart-policies", "no always unless-stopped on-failure" },
        { "", "container.create", "users", "any" },
        { "", "container.create", "join-containers", "" },
        { "", "exec.create", "commands", "*" },
        { "", "volume.create", "drivers", "local" },
        { "", "network.create", "drivers", "bridge" },
        { "", "build", "network-modes", "default none" },
        { "", "container.create", "judge", "?" },
        { "", "policy", "preset", "?" },
        /* The user's first mention replaces, later ones append, nothing resets. */
        { "[container.create]\nnetworks = a\n", "container.create", "networks", "a" },
        { "[container.create]\nnetworks = a b\nnetworks = c\n", "container.create", "networks",
          "a b c" },
        { "[container.create]\nnetworks =\n", "container.create", "networks", "" },
        { "[container.create]\nnetworks = a\nnetworks =\nnetworks = b\n", "container.create",
          "networks", "b" },
        { "[container.create]\ntmpfs = no\ntmpfs = yes\n", "container.create", "tmpfs", "yes" },
        /* Lists that stand for others. */
        { "", "image.pull", "images", "*" },
        { "[container.create]\nimages = a/*\n", "image.pull", "images", "a/*" },
        { "[container.create]\nimages = a/*\n[image.pull]\nimages = b/*\n", "image.pull", "images",
          "b/*" },
        { "[container.create]\nimages = a/*\n[image.pull]\nimages =\n", "image.pull", "images",
          "" },
        { "[container.create]\nnetworks = a\n", "network.connect", "networks", "a" },
        /* Words that fit. */
        { "[container.create]\nimages = docker.io/library/* ghcr.io/acme/**\n", "container.create",
          "images", "docker.io/library/* ghcr.io/acme/**" },
        { "[container.create]\nbind-mounts = /srv/%i exact:/etc/localtime:ro /a%%b\n",
          "container.create", "bind-mounts", "/srv/web exact:/etc/localtime:ro /a%b" },
        { "[container.create]\nbind-mounts = %t/sockgate/%i\n", "container.create", "bind-mounts",
          "/run/sockgate/web" },
        { "[container.create]\nbind-mounts = /var/run/sockgate/web/x\n", "container.create",
          "bind-mounts", "/var/run/sockgate/web/x" },
        { "[container.create]\nbind-mounts = /srv/\xC3\xA4 /devs /etc2 /run2 /varia\n",
          "container.create", "bind-mounts", "/srv/\xC3\xA4 /devs /etc2 /run2 /varia" },
        { "[container.create]\nports = 1 65535/udp 127.0.0.1:80 *:1-2/sctp [::1]:80/tcp\n",
          "container.create", "ports", "1 65535/udp 127.0.0.1:80 *:1-2/sctp [::1]:80/tcp" },
        { "[container.create]\nports = any ephemeral\n", "container.create", "ports",
          "any ephemeral" },
        { "[container.create]\nusers = 1000 1000:1000 app\n", "container.create", "users",
          "1000 1000:1000 app" },
        { "[container.create]\ncapabilities = NET_ADMIN CAP_CHOWN\n", "container.create",
          "capabilities", "NET_ADMIN CAP_CHOWN" },
        { "[container.create]\ndns = 1.1.1.1 ::1\n", "container.create", "dns", "1.1.1.1 ::1" },
        { "[container.create]\njoin-containers = no\n", "container.create", "join-containers", "" },
        { "[container.create]\njoin-containers = created-here db_*\n", "container.create",
          "join-containers", "created-here db_*" },
        { "[container.create]\nusers = any\nusers =\nusers = non-root\n", "container.create",
          "users", "non-root" },
        { "[CONTAINER.Create]\nImages = a\n", "container.create", "images", "a" },
        { "[container.update]\nfields = Memory NanoCpus\n", "container.update", "fields",
          "Memory NanoCpus" },
        /* Presets are defaults, wherever the user's file names them. */
        { "[policy]\npreset = logs\n", "container.create", "networks", "preset_net" },
        { "[policy]\npreset = logs life\n", "container.create", "networks", "preset_net life_net" },
        { "[policy]\npreset = logs logs\n", "container.create", "networks", "preset_net" },
        { "[policy]\npreset = logs\npreset =\npreset = life\n", "container.create", "networks",
          "life_net" },
        { "[container.create]\nnetworks = mine\n[policy]\npreset = logs\n", "container.create",
          "networks", "mine" },
        { "[policy]\npreset = logs\n[container.create]\nnetworks =\n", "container.create",
          "networks", "" },
        { "[policy]\npreset = logs\n", "container.create", "tmpfs", "no" },
        { "[policy]\npreset = logs\n[container.create]\ntmpfs = yes\n", "container.create", "tmpfs",
          "yes" },
};

START_TEST(keeps_words_as_the_table_says) {
        Policy *p = case_policy(lists[_i].text);
        char words[512];

        case_list(p, lists[_i].section, lists[_i].key, words, sizeof(words));
        ck_assert_msg(strcmp(words, lists[_i].words) == 0, "%s: [%s] %s = '%s'", lists[_i].text,
                      lists[_i].section, lists[_i].key, words);
        policy_unref(p);
}
END_TEST

/* Only warned of: the line of the warning and a piece of it; line 0: no warning at all. */
static const struct {
        const char *text;
        unsigned line;
        const char *says;
} warnings[] = {
        { "", 0, NULL },
        { "[container.create]\njudge = no\n", 2,
          "judge = no in [container.create]: bodies are forwarded unread: root on the host" },
        { "[build]\njudge = off\n", 2, "judge = no in [build]" },
        { "[build]\njudge = yes\n", 0, NULL },
        { "[policy]\nmode = shadow\n", 2, "mode = shadow: nothing is enforced" },
        { "[policy]\nmode = enforce\n", 0, NULL },
        { "[scope]\nprojects = openpalm*\nresolve-ids = yes\n", 0, NULL },
        { "[scope]\ncontainers = web-*\n", 0, NULL },
        { "[container.create]\nbind-mounts = /srv/app\n", 2, "bind-root-writable: '/srv/app'" },
        { "[container.create]\nbind-mounts = /srv/app:ro\n", 2,
          "bind-root-writable: '/srv/app:ro'" },
        { "[container.create]\nbind-mounts = exact:/srv/app\n", 0, NULL },
        { "[container.create]\nbind-mounts = /srv/app\n[policy]\naccept-writable-roots = yes\n", 0,
          NULL },
        { "[container.create]\nbind-mounts = /srv/app\nusers = non-root\n"
          "require = no-new-privileges drop-all-capabilities\n",
          0, NULL },
        { "[container.create]\nbind-mounts = /srv/app\nusers = non-root\n"
          "require = no-new-privileges\n",
          2, "bind-root-writable" },
        { "[container.create]\nbind-mounts = /srv/app\nusers = 1000\n"
          "require = no-new-privileges drop-all-capabilities\n",
          2, "bind-root-writable" },
        /* Operations that can give any image an allowed name. */
        { "[allow]\nendpoints = image.tag\n[container.create]\nimages = a/*\n", 2,
          "image.tag is allowed beside images other than *" },
        { "[allow]\nBUILD = full\n[container.create]\nimages = *\n[deny]\n"
          "endpoints = build.session build.grpc\n",
          0, NULL },
        { "[container.create]\nimages = a/*\n[allow]\nendpoints = image.list image.load\n", 4,
          "image.load is allowed" },
        { "[allow]\nendpoints = image.import\n[container.create]\nimages =\n", 2,
          "image.import is allowed" },
        { "[allow]\nendpoints = container.commit\n[container.create]\nimages = a *\n", 2,
          "container.commit is allowed" },
        { "[allow]\nendpoints = build.image\n[container.create]\nimages = a/**\n", 2,
          "build.image is allowed" },
        { "[allow]\nendpoints = build.image\n[container.create]\nimages = a/**\n[deny]\n"
          "endpoints = build.*\n",
          0, NULL },
        { "[allow]\nIMAGES = read\nendpoints = image.pull\n[container.create]\nimages = a\n", 0,
          NULL },
};

START_TEST(warns_as_the_table_says) {
        Policy *p = case_policy(warnings[_i].text);
        char place[32];

        ck_assert_uint_eq(p->n_warnings, warnings[_i].line > 0);
        if (warnings[_i].line > 0) {
                (void) snprintf(place, sizeof(place), "main.conf:%u: ", warnings[_i].line);
                ck_assert_ptr_eq(strstr(p->warnings[0], place), p->warnings[0]);
                ck_assert_msg(strstr(p->warnings[0], warnings[_i].says) != NULL, "%s",
                              p->warnings[0]);
        }
        policy_unref(p);
}
END_TEST

START_TEST(no_file_at_all_is_the_default_policy) {
        Limits limits = LIMITS_DEFAULT;
        ConfigError error;
        Policy *p = NULL;

        ck_assert_int_eq(config_parse(NULL, 0, &case_options, &p, &error), 0);
        ck_assert_str_eq(p->name, "web");
        ck_assert_str_eq(p->upstream, "/run/docker.sock");
        ck_assert(!p->is_podman && !p->is_shadow && !p->foreign_ids && !p->resolve_ids);
        ck_assert_uint_eq(p->api_min, 24);
        ck_assert(!p->has_uids && !p->has_gids && !p->has_units && !p->has_containers);
        ck_assert(!p->has_addresses && p->n_hosts == 0 && p->n_origins == 0);
        ck_assert(!p->has_scope_containers && !p->has_scope_networks && !p->has_scope_projects);
        ck_assert_int_eq(p->log, POLICY_LOG_ALL);
        ck_assert_int_eq(p->required, POLICY_REQUIRED_NO);
        ck_assert_mem_eq(&p->limits, &limits, sizeof(limits));
        ck_assert_str_eq(p->sha256,
                         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (unsigned j = 0; j < _ENDPOINT_JUDGE_MAX; j++)
                ck_assert(!p->judges[j].is_off);
        policy_unref(p);
}
END_TEST

START_TEST(scalars_reach_the_policy) {
        Policy *p = case_policy("[upstream]\nsocket = %t/%i.sock\nengine = podman\n"
                                "[policy]\nmode = shadow\napi-min = 1.41\n"
                                "[scope]\nresolve-ids = on\n[exec.create]\nforeign-ids = 1\n"
                                "[audit]\nlog = denied\nrequired = all\n"
                                "[limits]\nidle-exit = 0\nconnections = 65536\n"
                                "connections-per-peer = 1\nhead-timeout = 500ms\n"
                                "keep-alive-timeout = 5min\njudged-body = 8M\njudged-bytes = 8M\n"
                                "body-timeout = 3\ndrain-timeout = 1h\nstall-timeout = 2s\n");

        ck_assert_str_eq(p->upstream, "/run/web.sock");
        ck_assert(p->is_podman && p->is_shadow && p->resolve_ids && p->foreign_ids);
        ck_assert_uint_eq(p->api_min, 41);
        ck_assert_int_eq(p->log, POLICY_LOG_DENIED);
        ck_assert_int_eq(p->required, POLICY_REQUIRED_ALL);
        ck_assert_uint_eq(p->limits.idle_exit_usec, 0);
        ck_assert_uint_eq(p->limits.n_connections, 65536);
        ck_assert_uint_eq(p->limits.n_per_peer, 1);
        ck_assert_uint_eq(p->limits.head_usec, 500 * USEC_PER_MSEC);
        ck_assert_uint_eq(p->limits.keep_alive_usec, 300 * USEC_PER_SEC);
        ck_assert_uint_eq(p->limits.judged_body_max, 8 * MIB);
        ck_assert_uint_eq(p->limits.judged_bytes_max, 8 * MIB);
        ck_assert_uint_eq(p->limits.body_usec, 3 * USEC_PER_SEC);
        ck_assert_uint_eq(p->limits.drain_usec, 3600 * USEC_PER_SEC);
        ck_assert_uint_eq(p->limits.stall_usec, 2 * USEC_PER_SEC);
        policy_unref(p);
}
END_TEST

START_TEST(peers_reach_the_policy) {
        static const uint8_t docker0[16] = { [10] = 0xFF, 0xFF, 172, 17 },
                             loopback[16] = { [15] = 1 };
        Policy *p = case_policy("[peers]\nuids = 0 1000\nuids = 4294967294\ngids = 5\n"
                                "units = web@*.service\nhosts = my-proxy [fd00::1]\n"
                                "origins = https://a.example:8443 chrome-extension://abc\n");

        ck_assert_uint_eq(p->n_uids, 3);
        ck_assert_uint_eq(p->uids[1], 1000);
        ck_assert_uint_eq(p->uids[2], 4294967294U);
        ck_assert_uint_eq(p->n_gids, 1);
        ck_assert_uint_eq(p->units.n, 1);
        ck_assert(bytes_eq_str(p->units.items[0].text, "web@*.service"));
        ck_assert_uint_eq(p->units.items[0].place.line, 5);
        ck_assert(p->has_uids && p->has_gids && p->has_units && !p->has_containers);
        ck_assert_uint_eq(p->n_hosts, 2);
        ck_assert(bytes_eq_str(p->hosts[1], "fd00::1"));
        ck_assert_uint_eq(p->n_origins, 2);
        ck_assert(bytes_eq_str(p->origins[0], "https://a.example:8443"));
        policy_unref(p);

        p = case_policy("[peers]\nuids =\naddresses = 172.17.0.0/16 [::1]/128 10.0.0.1 ::/0\n");
        ck_assert(!p->has_uids && p->has_addresses);
        ck_assert_uint_eq(p->n_addresses, 4);
        ck_assert_mem_eq(p->addresses[0].address, docker0, sizeof(docker0));
        ck_assert_uint_eq(p->addresses[0].n_bits, 112);
        ck_assert_mem_eq(p->addresses[1].address, loopback, sizeof(loopback));
        ck_assert_uint_eq(p->addresses[1].n_bits, 128);
        ck_assert_uint_eq(p->addresses[2].n_bits, 128);
        ck_assert_uint_eq(p->addresses[3].n_bits, 0);
        policy_unref(p);
}
END_TEST

START_TEST(units_and_containers_need_a_kernel_that_names_peers_for_sure) {
        static const char *const texts[] = {
                "[peers]\n\nunits = a.service\n",
                "[peers]\n\ncontainers = "
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
        };
        ConfigOptions options = case_options;
        ConfigError error;
        Policy *p = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                options.has_peer_pidfd = false;
                ck_assert_int_eq(case_parse(texts[i], &options, &p, &error), -EINVAL);
                ck_assert_uint_eq(error.line, 3);
                ck_assert_ptr_nonnull(strstr(error.text, "SO_PEERPIDFD"));
                options.has_peer_pidfd = true;
                ck_assert_int_eq(case_parse(texts[i], &options, &p, &error), 0);
                ck_assert(p->has_units || p->has_containers);
                p = policy_unref(p);
        }
}
END_TEST

START_TEST(a_user_instance_finds_its_own_engine) {
        ConfigOptions options = case_options;
        ConfigError error;
        Policy *p = NULL;

        options.is_user = true;
        options.runtime_dir = "/run/user/1000";
        ck_assert_int_eq(case_parse("", &options, &p, &error), 0);
        ck_assert_str_eq(p->upstream, "/run/user/1000/docker.sock");
        p = policy_unref(p);

        options.is_docker_missing = true;
        ck_assert_int_eq(case_parse("", &options, &p, &error), 0);
        ck_assert_str_eq(p->upstream, "/run/user/1000/podman/podman.sock");
        p = policy_unref(p);

        ck_assert_int_eq(case_parse("[upstream]\nsocket = /run/x.sock\n", &options, &p, &error), 0);
        ck_assert_str_eq(p->upstream, "/run/x.sock");
        policy_unref(p);
}
END_TEST

START_TEST(a_user_instance_keeps_its_own_files_out_of_bind_roots) {
        ConfigFile file = { .path = "/home/u/.config/sockgate/web.conf" };
        ConfigOptions options = case_options;
        ConfigError error;
        Policy *p = NULL;

        options.is_user = true;
        options.runtime_dir = "/run/user/1000";
        file.text = BYTES("[container.create]\nbind-mounts = /home/u\n");
        ck_assert_int_eq(config_parse(&file, 1, &options, &p, &error), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error.text, "the configuration"));
        file.text = BYTES("[container.create]\nbind-mounts = /run/sockgate/web\n");
        ck_assert_int_eq(config_parse(&file, 1, &options, &p, &error), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error.text, "sockets of the system"));
        file.text = BYTES("[container.create]\nbind-mounts = /home/u/app %t/sockgate/web\n");
        ck_assert_int_eq(config_parse(&file, 1, &options, &p, &error), 0);
        policy_unref(p);
}
END_TEST

/* Each section switches off its own judges and no other. */
START_TEST(judge_no_switches_off_the_judges_of_its_section) {
        for (unsigned j = 1; j < _ENDPOINT_JUDGE_MAX; j++) {
                const char *section = endpoint_judge_section((EndpointJudge) j);
                char text[128];
                Policy *p;

                ck_assert_ptr_nonnull(section);
                (void) snprintf(text, sizeof(text), "[%s]\njudge = no\n", section);
                p = case_policy(text);
                for (unsigned k = 1; k < _ENDPOINT_JUDGE_MAX; k++) {
                        const char *other = endpoint_judge_section((EndpointJudge) k);

                        ck_assert_int_eq(p->judges[k].is_off, strcmp(section, other) == 0);
                        if (p->judges[k].is_off)
                                ck_assert_uint_eq(p->judges[k].place.line, 2);
                }
                policy_unref(p);
        }
}
END_TEST

START_TEST(files_add_up_in_order) {
        ConfigFile files[] = {
                { "a.conf",
                  BYTES("[policy]\npreset = logs\n[container.create]\nnetworks = a\n"
                        "[limits]\nconnections = 5\n"),
                  false },
                { "b.conf", BYTES("[container.create]\nnetworks = b\n[policy]\npreset = life\n"),
                  false },
                { "c.conf", BYTES("\n\n[limits]\nconnections = 9\n[exec.create]\njudge = no\n"),
                  false },
        };
        ConfigError error;
        Policy *p = NULL;
        char words[64];

        ck_assert_int_eq(config_parse(files, 3, &case_options, &p, &error), 0);
        case_list(p, "container.create", "networks", words, sizeof(words));
        ck_assert_str_eq(words, "a b");
        ck_assert_uint_eq(p->limits.n_connections, 9);
        ck_assert(case_is_granted(p, "container.logs") && case_is_granted(p, "container.start"));
        ck_assert_str_eq(case_grant(p, "container.start")->allowed_at.file, "/presets/life.conf");
        ck_assert_str_eq(p->judges[ENDPOINT_JUDGE_EXEC_CREATE].place.file, "c.conf");
        ck_assert_uint_eq(p->judges[ENDPOINT_JUDGE_EXEC_CREATE].place.line, 6);
        policy_unref(p);
}
END_TEST

START_TEST(a_later_file_may_reset_the_presets_of_an_earlier_one) {
        ConfigFile files[] = {
                { "a.conf", BYTES("[policy]\npreset = logs\n"), false },
                { "b.conf", BYTES("[policy]\npreset =\n"), false },
        };
        ConfigError error;
        Policy *p = NULL;

        ck_assert_int_eq(config_parse(files, 2, &case_options, &p, &error), 0);
        ck_assert(!case_is_granted(p, "container.logs"));
        policy_unref(p);
}
END_TEST

START_TEST(errors_name_the_file_that_is_at_fault) {
        ConfigFile files[] = {
                { "a.conf", BYTES("[policy]\npreset = nest\n"), false },
                { "b.conf", BYTES("[policy]\nmode = enforce\n"), false },
        };
        ConfigError error;
        Policy *p = NULL;

        ck_assert_int_eq(config_parse(files, 2, &case_options, &p, &error), -EINVAL);
        ck_assert_str_eq(error.path, "/presets/nest.conf");
        ck_assert_uint_eq(error.line, 2);
        ck_assert_ptr_nonnull(strstr(error.text, "a preset can't name presets"));

        files[0].text = BYTES("");
        files[1].text = BYTES("[policy]\nmode = x\n");
        ck_assert_int_eq(config_parse(files, 2, &case_options, &p, &error), -EINVAL);
        ck_assert_str_eq(error.path, "b.conf");
        ck_assert_ptr_null(p);
}
END_TEST

START_TEST(the_digest_is_of_all_files_in_the_order_of_reading) {
        ConfigFile whole = { "a.conf", BYTES("[policy]\npreset = life\n"), false };
        ConfigFile joined = { "b.conf", BYTES(PRESET_LIFE "[policy]\npreset = life\n"), false };
        ConfigOptions none = case_options;
        ConfigError error;
        Policy *p = NULL, *q = NULL;

        ck_assert_int_eq(config_parse(&whole, 1, &case_options, &p, &error), 0);
        none.presets = &(ConfigFile){ "life.conf", BYTES(""), true };
        none.n_presets = 1;
        ck_assert_int_eq(config_parse(&joined, 1, &none, &q, &error), 0);
        ck_assert_str_eq(p->sha256, q->sha256);
        policy_unref(q);

        q = case_policy("[policy]\npreset = logs\n");
        ck_assert_str_ne(p->sha256, q->sha256);
        policy_unref(p);
        policy_unref(q);
}
END_TEST

static char *read_data(const char *name) {
        char path[512], *text;
        FILE *f;
        size_t n;

        (void) snprintf(path, sizeof(path), TEST_DATA "/%s", name);
        f = fopen(path, "r");
        ck_assert_msg(f != NULL, "can't open %s", path);
        text = calloc(1, 64 * KIB);
        ck_assert_ptr_nonnull(text);
        n = fread(text, 1, 64 * KIB - 1, f);
        ck_assert(n > 0 && feof(f));
        (void) fclose(f);
        return text;
}

/* The manual's sample shows every key at once; its [peers] would admit nobody. */
START_TEST(the_sample_of_the_manual_parses_but_for_peers_that_exclude_each_other) {
        _cleanup_free_ char *text = read_data("sample.conf");
        char *addresses, words[128];
        ConfigError error;
        Policy *p = NULL;

        ck_assert_int_eq(case_parse(text, &case_options, &p, &error), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error.text, "[peers] with addresses and uids admits nobody"));

        addresses = strstr(text, "\naddresses =");
        ck_assert_ptr_nonnull(addresses);
        addresses[1] = '#';
        p = case_policy(text);
        case_list(p, "container.create", "bind-mounts", words, sizeof(words));
        ck_assert_str_eq(words, "/srv/app exact:/etc/localtime:ro");
        case_list(p, "container.create", "ports", words, sizeof(words));
        ck_assert_str_eq(words, "127.0.0.1:8100 *:8000-8999 ephemeral");
        case_list(p, "container.create", "users", words, sizeof(words));
        ck_assert_str_eq(words, "any");
        ck_assert(case_is_granted(p, "container.create") && case_is_granted(p, "network.remove"));
        ck_assert(!case_is_granted(p, "exec.create") && case_grant(p, "exec.create")->is_denied);
        ck_assert(!case_is_granted(p, "container.attach"));
        ck_assert_uint_eq(p->n_uids, 1);
        ck_assert_uint_eq(p->n_hosts, 1);
        ck_assert(p->has_scope_containers && p->has_scope_projects);
        ck_assert_uint_eq(p->limits.keep_alive_usec, 600 * USEC_PER_SEC);
        policy_unref(p);
}
END_TEST

START_TEST(the_admin_containers_file_parses) {
        _cleanup_free_ char *preset = read_data("../../conf/presets/compose.conf");
        _cleanup_free_ char *text = read_data("admin.conf");
        ConfigFile compose = { "/presets/compose.conf", bytes_of(preset), true };
        ConfigOptions options = case_options;
        ConfigError error;
        Policy *p = NULL;
        char words[256];
        int r;

        options.instance = "admin";
        options.presets = &compose;
        options.n_presets = 1;
        r = case_parse(text, &options, &p, &error);
        ck_assert_msg(r == 0, "%u: %s", error.line, error.text);
        case_list(p, "container.create", "bind-mounts", words, sizeof(words));
        ck_assert_str_eq(words, "/home/web/.config/openpalm /home/web/.local/state/openpalm "
                                "/home/web/.local/share/openpalm /run/sockgate/admin");
        case_list(p, "image.pull", "images", words, sizeof(words));
        ck_assert_str_eq(words, "docker.io/openpalm/**");
        ck_assert(case_is_granted(p, "container.create") && case_is_granted(p, "volume.remove"));
        ck_assert(!case_is_granted(p, "container.attach") && !case_is_granted(p, "exec.create"));
        ck_assert(p->has_scope_projects);
        /* The roots can't be used to reach the host: there is nothing to warn of. */
        ck_assert_uint_eq(p->n_warnings, 0);
        policy_unref(p);
}
END_TEST

/* The number of a key leads to the words, and to the line, that its names lead to. */
START_TEST(rules_are_the_lists_by_number) {
        Policy *p = case_policy("[container.create]\nimages = a\nimages = b\nbind-mounts =\n"
                                "[exec.create]\ncommands = sh\n[scope]\ncontainers = web-*\n");
        size_t n_found = 0;

        for (unsigned k = RULE_NONE + 1; k < _RULE_KEY_MAX; k++) {
                const Words *rule = &p->rules[k];

                for (size_t i = 0; i < p->n_lists; i++) {
                        const Words *words = &p->lists[i].words;

                        if (strcmp(p->lists[i].section, rule_section((RuleKey) k)) != 0 ||
                            strcmp(p->lists[i].key, rule_name((RuleKey) k)) != 0)
                                continue;
                        n_found++;
                        ck_assert_uint_eq(rule->n, words->n);
                        for (size_t w = 0; w < words->n; w++) {
                                ck_assert(bytes_eq(rule->items[w].text, words->items[w].text));
                                ck_assert_uint_eq(rule->items[w].place.line,
                                                  words->items[w].place.line);
                        }
                }
        }
        /* All keys of all judged sections have a number, and [scope] containers beside them. */
        ck_assert_uint_eq(n_found, p->n_lists);
        ck_assert_uint_eq(n_found, _RULE_KEY_MAX - 2);
        ck_assert_uint_eq(p->rules[RULE_CREATE_IMAGES].items[1].place.line, 3);
        ck_assert_str_eq(p->rules[RULE_PULL_IMAGES].items[1].place.file, "main.conf");
        ck_assert(bytes_eq_str(p->rules[RULE_SCOPE_CONTAINERS].items[0].text, "web-*"));
        ck_assert_ptr_null(rule_section(RULE_NONE));
        ck_assert_ptr_null(rule_name(RULE_NONE));
        policy_unref(p);
}
END_TEST

static void add(TCase *tc) {
        tcase_add_loop_test(tc, keeps_words_as_the_table_says, 0, (int) ARRAY_SIZE(lists));
        tcase_add_loop_test(tc, warns_as_the_table_says, 0, (int) ARRAY_SIZE(warnings));
        tcase_add_test(tc, no_file_at_all_is_the_default_policy);
        tcase_add_test(tc, scalars_reach_the_policy);
        tcase_add_test(tc, peers_reach_the_policy);
        tcase_add_test(tc, units_and_containers_need_a_kernel_that_names_peers_for_sure);
        tcase_add_test(tc, a_user_instance_finds_its_own_engine);
        tcase_add_test(tc, a_user_instance_keeps_its_own_files_out_of_bind_roots);
        tcase_add_test(tc, judge_no_switches_off_the_judges_of_its_section);
        tcase_add_test(tc, files_add_up_in_order);
        tcase_add_test(tc, a_later_file_may_reset_the_presets_of_an_earlier_one);
        tcase_add_test(tc, errors_name_the_file_that_is_at_fault);
        tcase_add_test(tc, the_digest_is_of_all_files_in_the_order_of_reading);
        tcase_add_test(tc, the_sample_of_the_manual_parses_but_for_peers_that_exclude_each_other);
        tcase_add_test(tc, the_admin_containers_file_parses);
        tcase_add_test(tc, rules_are_the_lists_by_number);
}

int main(void) {
        return case_run("config", add);
}
