/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-network: networks by name, ports by address, and no way into another's network. */
#include "check-create.h"

#define NETS "networks = default app_* none"
#define ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const CheckCase modes[] = {
        { "", "", NULL, NULL },
        { "", "\"NetworkMode\":\"\"", NULL, NULL },
        { "", "\"NetworkMode\":\"default\"", NULL, NULL },
        { "", "\"NetworkMode\":\"bridge\"", NULL, NULL },
        { "", "\"NetworkMode\":\"none\"", NULL, NULL },
        { NETS, "\"NetworkMode\":\"app_web\"", NULL, NULL },
        { "networks = app_*", "\"NetworkMode\":\"\"", "network-not-allowed",
          "/HostConfig/NetworkMode" },
        { "networks = app_*", "", "network-not-allowed", "/HostConfig/NetworkMode" },
        { NETS, "\"NetworkMode\":\"web\"", "network-not-allowed", "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"bridge\"", NULL, NULL },
        { "networks = *", "\"NetworkMode\":\"none\"", "network-not-allowed",
          "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"host\"", "namespace-host", "/HostConfig/NetworkMode" },
        { "networks = host", "\"NetworkMode\":\"host\"", "namespace-host",
          "/HostConfig/NetworkMode" },
        { "namespaces = network", "\"NetworkMode\":\"host\"", NULL, NULL },
        { "namespaces = pid ipc", "\"NetworkMode\":\"host\"", "namespace-host",
          "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"HOST\"", NULL, NULL },
        { "networks = *", "\"NetworkMode\":\"ns:/proc/1/ns/net\"", "network-mode",
          "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"service:web\"", "network-mode",
          "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"cafe\"", "network-id", "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"a b\"", "network-name", "/HostConfig/NetworkMode" },
        { "networks = *", "\"NetworkMode\":\"container:web\"", "join-not-allowed",
          "/HostConfig/NetworkMode" },
        { "join-containers = web-*", "\"NetworkMode\":\"container:web-1\"", NULL, NULL },
        { "join-containers = web-*", "\"NetworkMode\":\"container:mysql\"", "join-not-allowed",
          "/HostConfig/NetworkMode" },
        { "join-containers = *", "\"NetworkMode\":\"container:cafe\"", "join-not-allowed",
          "/HostConfig/NetworkMode" },
        { "join-containers = *", "\"NetworkMode\":\"container:/web\"", "join-name",
          "/HostConfig/NetworkMode" },
        { "join-containers = *", "\"NetworkMode\":\"container:\"", "join-name",
          "/HostConfig/NetworkMode" },
        { "join-containers = created-here", "\"NetworkMode\":\"container:created-here\"",
          "join-not-allowed", "/HostConfig/NetworkMode" },
        { "join-containers = created-here", "\"NetworkMode\":\"container:" ID "\"",
          "join-not-allowed", "/HostConfig/NetworkMode" },
};

START_TEST(a_network_is_named_and_listed) {
        create_run_host(&modes[_i]);
}
END_TEST

DEFINE_CLEANUP(Known *, known_free)

START_TEST(only_containers_that_were_made_here_are_joined_by_id) {
        _cleanup_(known_freep) Known *known = known_new();
        PolicyFacts facts = create_facts;
        Decision d;

        facts.known = known;
        ck_assert_int_eq(known_add_created(known, BYTES(ID)), 0);
        d = check_judge("POST /containers/create", &schema_container_create,
                        "[container.create]\njoin-containers = created-here\n",
                        "{\"Image\":\"alpine:3\",\"HostConfig\":{\"NetworkMode\":\"container:" ID
                        "\",\"IpcMode\":\"container:" ID "\",\"PidMode\":\"container:" ID "\"}}",
                        &facts);
        check_expect("created here", d, NULL, NULL);

        d = check_judge("POST /containers/create", &schema_container_create,
                        "[container.create]\njoin-containers = *\n",
                        "{\"Image\":\"alpine:3\",\"HostConfig\":{\"PidMode\":\"container:" ID
                        "\"}}",
                        &facts);
        check_expect("no word", d, "join-not-allowed", "/HostConfig/PidMode");

        d = check_judge("POST /containers/create", &schema_container_create,
                        "[container.create]\njoin-containers = created-here\n",
                        "{\"Image\":\"alpine:3\",\"HostConfig\":{\"PidMode\":"
                        "\"container:0123456789ab\"}}",
                        &facts);
        check_expect("short id", d, "join-not-allowed", "/HostConfig/PidMode");
}
END_TEST

#define ENDPOINTS(text)                                                                            \
        "{\"Image\":\"alpine:3\",\"NetworkingConfig\":{\"EndpointsConfig\":{" text "}}}"
#define AT "/NetworkingConfig/EndpointsConfig/"

static const CheckCase endpoints[] = {
        { NETS, ENDPOINTS(""), NULL, NULL },
        { NETS, ENDPOINTS("\"app_web\":{}"), NULL, NULL },
        { NETS, ENDPOINTS("\"app_web\":null"), NULL, NULL },
        { NETS, ENDPOINTS("\"default\":{\"Aliases\":[\"a\"],\"IPAMConfig\":{},\"GwPriority\":0}"),
          NULL, NULL },
        { NETS, ENDPOINTS("\"mysql\":{}"), "network-not-allowed", AT "mysql" },
        { "networks = *", ENDPOINTS("\"host\":{}"), "network-host", AT "host" },
        { "namespaces = network\nnetworks = default host", ENDPOINTS("\"host\":{}"), "network-host",
          AT "host" },
        { "networks = *", ENDPOINTS("\"none\":{}"), "network-not-allowed", AT "none" },
        { "networks = *", ENDPOINTS("\"cafe\":{}"), "network-id", AT "cafe" },
        { "networks = *", ENDPOINTS("\"container:web\":{}"), "network-name", AT "container:web" },
        { NETS, ENDPOINTS("\"app_a\":{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.2\"}}"),
          "static-address", AT "app_a/IPAMConfig/IPv4Address" },
        { NETS "\nstatic-addresses = yes",
          ENDPOINTS("\"app_a\":{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.2\"},\"MacAddress\":"
                    "\"02:00:00:00:00:01\"}"),
          NULL, NULL },
        { NETS, ENDPOINTS("\"app_a\":{\"MacAddress\":\"02:00:00:00:00:01\"}"), "static-address",
          AT "app_a/MacAddress" },
        { NETS, ENDPOINTS("\"app_a\":{\"DriverOpts\":{\"a\":\"b\"}}"), "field-refused",
          AT "app_a/DriverOpts" },
        { NETS, ENDPOINTS("\"app_a\":{\"GwPriority\":1}"), "field-refused", AT "app_a/GwPriority" },
        { NETS, ENDPOINTS("\"app_a\":{\"IPAddress\":\"10.0.0.2\"}"), "endpoint-state",
          AT "app_a/IPAddress" },
        { NETS "\nendpoint-state = ignore",
          ENDPOINTS("\"app_a\":{\"IPAddress\":\"10.0.0.2\",\"NetworkID\":\"app_a\","
                    "\"IPPrefixLen\":16,\"DNSNames\":[\"a\"]}"),
          NULL, NULL },
        { NETS, ENDPOINTS("\"app_a\":{\"NetworkID\":\"" ID "\"}"), "endpoint-state",
          AT "app_a/NetworkID" },
        { NETS "\nendpoint-state = ignore", ENDPOINTS("\"app_a\":{\"NetworkID\":\"host\"}"),
          "network-id", AT "app_a/NetworkID" },
        { NETS "\nendpoint-state = ignore", ENDPOINTS("\"app_a\":{\"NetworkID\":\"app_b\"}"),
          "network-id", AT "app_a/NetworkID" },
        { NETS "\nendpoint-state = ignore", ENDPOINTS("\"app_a\":{\"NetworkID\":\"cafe\"}"),
          "network-id", AT "app_a/NetworkID" },
        { NETS "\nendpoint-state = ignore", ENDPOINTS("\"default\":{\"NetworkID\":\"" ID "\"}"),
          NULL, NULL },
        { NETS, ENDPOINTS("\"app_a\":{\"Links\":[\"mysql:db\"]}"), "link-not-allowed",
          AT "app_a/Links/0" },
};

START_TEST(an_endpoint_is_in_an_allowed_network) {
        create_run_body(&endpoints[_i]);
}
END_TEST

#define PORT(key, ip, port)                                                                        \
        "\"PortBindings\":{\"" key "\":[{\"HostIp\":\"" ip "\",\"HostPort\":\"" port "\"}]}"
#define PORT_AT "/HostConfig/PortBindings/80~1tcp"
#define LOCAL   "ports = 127.0.0.1:8100-8199/tcp 127.0.0.1:8200 [::1]:9000"

static Decision create_by_id(const char *lines, const Objects *objects, const char *body) {
        PolicyFacts facts = create_facts;
        char config[256];

        facts.objects = objects;
        (void) snprintf(config, sizeof(config), "[container.create]\n%s\n", lines);
        return check_judge("POST /containers/create", &schema_container_create, config, body,
                           &facts);
}

static const char *const by_id[][2] = {
        { "{\"Image\":\"alpine:3\",\"HostConfig\":{\"NetworkMode\":\"" ID "\"}}",
          "/HostConfig/NetworkMode" },
        { ENDPOINTS("\"" ID "\":{}"), AT ID },
};

/* Compose 2 puts the id of an external network in the place of its name. */
START_TEST(a_full_id_of_a_network_is_judged_by_the_name_it_has) {
        const char *body = by_id[_i][0], *pointer = by_id[_i][1];
        Objects objects = { .n = 1 };
        Object *o = &objects.items[0];
        Decision d = create_by_id(NETS, NULL, body);

        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_NETWORK);
        ck_assert(bytes_eq_str(d.subject, ID));

        *o = (Object){ .kind = OBJECT_NETWORK, .asked = ID, .id = ID, .name = "app_web" };
        d = create_by_id(NETS, &objects, body);
        ck_assert_int_eq(d.verdict, VERDICT_ALLOW);

        (void) snprintf(o->name, sizeof(o->name), "mail_net");
        d = create_by_id(NETS, &objects, body);
        check_expect("not listed", d, "network-not-allowed", pointer);
        ck_assert(bytes_eq_str(d.subject, ID));

        (void) snprintf(o->name, sizeof(o->name), "host");
        check_expect("host", create_by_id(NETS, &objects, body), "network-host", pointer);

        o->is_missing = true;
        d = create_by_id(NETS, &objects, body);
        check_expect("missing", d, "object-missing", pointer);
        ck_assert_uint_eq(d.status, 404);
}
END_TEST

/* Docker joins the NetworkID, whatever the key beside it says. */
START_TEST(the_id_of_an_endpoint_is_that_of_its_network) {
        const char *body = ENDPOINTS("\"app_web\":{\"NetworkID\":\"" ID "\"}");
        const char *lines = "networks = default app_web mail_net\nendpoint-state = ignore\n";
        Objects objects = { .n = 1 };
        Object *o = &objects.items[0];
        Decision d = create_by_id(lines, NULL, body);

        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_NETWORK);
        ck_assert(bytes_eq_str(d.subject, ID));

        *o = (Object){ .kind = OBJECT_NETWORK, .asked = ID, .id = ID, .name = "app_web" };
        ck_assert_int_eq(create_by_id(lines, &objects, body).verdict, VERDICT_ALLOW);

        (void) snprintf(o->name, sizeof(o->name), "mail_net");
        d = create_by_id(lines, &objects, body);
        check_expect("another", d, "network-id", AT "app_web/NetworkID");
        ck_assert(bytes_eq_str(d.subject, ID));

        o->is_missing = true;
        check_expect("missing", create_by_id(lines, &objects, body), "network-id",
                     AT "app_web/NetworkID");
}
END_TEST

static const CheckCase ports[] = {
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8100"), NULL, NULL },
        { LOCAL, PORT("80", "127.0.0.1", "8199"), NULL, NULL },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8150-8160"), NULL, NULL },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8190-8200"), NULL, NULL },
        { LOCAL, PORT("80/tcp", "::ffff:127.0.0.1", "8100"), NULL, NULL },
        { LOCAL, PORT("80/udp", "127.0.0.1", "8200"), NULL, NULL },
        { LOCAL, PORT("80/tcp", "::1", "9000"), NULL, NULL },
        { LOCAL, "\"PortBindings\":{}", NULL, NULL },
        { "", "\"PortBindings\":null", NULL, NULL },
        { "ports = *:8000-8999", PORT("80/tcp", "", "8080"), NULL, NULL },
        { "ports = 8080", PORT("80/tcp", "", "8080"), NULL, NULL },
        { "ports = 8080", PORT("80/tcp", "10.1.2.3", "8080"), NULL, NULL },
        { "ports = any", PORT("80/tcp", "", ""), NULL, NULL },
        { "ports = any", PORT("80/tcp", "0.0.0.0", "22"), NULL, NULL },
        { "ports = ephemeral", PORT("80/tcp", "", ""), NULL, NULL },
        { "ports = ephemeral", PORT("80/tcp", "", "0"), NULL, NULL },
        { "ports = ephemeral", "\"PortBindings\":{\"80/tcp\":null}", NULL, NULL },
        { "ports = ephemeral", "\"PortBindings\":{\"80/tcp\":[]}", NULL, NULL },
        { "ports = ephemeral", "\"PublishAllPorts\":true", NULL, NULL },
        { "ports = any", "\"PublishAllPorts\":true", NULL, NULL },

        { "", PORT("80/tcp", "", "8080"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "", "8100"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "0.0.0.0", "8100"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "::", "9000"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.2", "8100"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8099"), "port-not-allowed", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8099-8100"), "port-not-allowed",
          PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8190-8201"), "port-not-allowed",
          PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/udp", "127.0.0.1", "8100"), "port-not-allowed",
          "/HostConfig/PortBindings/80~1udp/0/HostPort" },
        { LOCAL, PORT("80/tcp", "localhost", "8100"), "port-address", PORT_AT "/0/HostIp" },
        { LOCAL, PORT("80/tcp", "127.0.0.01", "8100"), "port-address", PORT_AT "/0/HostIp" },
        { LOCAL, PORT("80/tcp", "[::1]", "9000"), "port-address", PORT_AT "/0/HostIp" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "+8100"), "port-grammar", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8100/tcp"), "port-grammar", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", "8200-8100"), "port-grammar", PORT_AT "/0/HostPort" },
        { LOCAL, PORT("80/TCP", "127.0.0.1", "8100"), "port-grammar",
          "/HostConfig/PortBindings/80~1TCP" },
        { LOCAL, PORT("80/tcp", "127.0.0.1", ""), "port-ephemeral", PORT_AT "/0/HostPort" },
        { LOCAL, "\"PortBindings\":{\"80/tcp\":null}", "port-ephemeral", PORT_AT },
        { LOCAL, "\"PortBindings\":{\"80/tcp\":[]}", "port-ephemeral", PORT_AT },
        { LOCAL, "\"PortBindings\":{\"80/tcp\":[{}]}", "port-ephemeral", PORT_AT "/0/HostPort" },
        { LOCAL, "\"PublishAllPorts\":true", "port-ephemeral", "/HostConfig/PublishAllPorts" },
        { "ports = ephemeral", PORT("80/tcp", "", "8080"), "port-not-allowed",
          PORT_AT "/0/HostPort" },
        { "ports = 1-65535", PORT("80/tcp", "", "1-65535"), NULL, NULL },
};

START_TEST(a_port_is_published_where_the_policy_says) {
        create_run_host(&ports[_i]);
}
END_TEST

static const CheckCase names[] = {
        { "", "\"Links\":null", NULL, NULL },
        { "", "\"Links\":[\"mysql:db\"]", "link-not-allowed", "/HostConfig/Links/0" },
        { "links = db-*", "\"Links\":[\"db-1:db\",\"/db-2:/web/db\",\"db-3\"]", NULL, NULL },
        { "links = *", "\"Links\":[\"cafe:db\"]", "link-name", "/HostConfig/Links/0" },
        { "links = *", "\"Links\":[\"\"]", "link-name", "/HostConfig/Links/0" },
        { "", "\"ExtraHosts\":[\"a:host-gateway\"]", NULL, NULL },
        { "extra-hosts = mysql host.docker.internal:host-gateway",
          "\"ExtraHosts\":[\"mysql:10.0.0.1\",\"host.docker.internal:host-gateway\"]", NULL, NULL },
        { "extra-hosts = mysql host.docker.internal:host-gateway",
          "\"ExtraHosts\":[\"host.docker.internal:10.0.0.1\"]", "extra-host-not-allowed",
          "/HostConfig/ExtraHosts/0" },
        { "extra-hosts =", "\"ExtraHosts\":[\"a:1.2.3.4\"]", "extra-host-not-allowed",
          "/HostConfig/ExtraHosts/0" },
        { "", "\"Dns\":[\"1.1.1.1\"],\"DnsSearch\":[\"example.org\"],\"DnsOptions\":[\"ndots:1\"]",
          NULL, NULL },
        { "dns = 1.1.1.1", "\"Dns\":[\"1.1.1.1\"]", NULL, NULL },
        { "dns = 1.1.1.1", "\"Dns\":[\"1.1.1.2\"]", "dns-not-allowed", "/HostConfig/Dns/0" },
        { "dns = 1.1.1.1", "\"DnsSearch\":[\"example.org\"]", "dns-not-allowed",
          "/HostConfig/DnsSearch/0" },
        { "dns =", "\"Dns\":[]", NULL, NULL },
};

START_TEST(links_hosts_and_name_servers_are_listed) {
        create_run_host(&names[_i]);
}
END_TEST

static const struct {
        const char *body; /* members of HostConfig */
        const char *hint;
        const char *value;
} hints[] = {
        { PORT("80/tcp", "127.0.0.1", "8100"), "[container.create] ports = 127.0.0.1:8100",
          "8100" },
        { PORT("80/tcp", "", "80-81"), "[container.create] ports = 80-81", "80-81" },
        { "\"PublishAllPorts\":true", "[container.create] ports = ephemeral", "" },
        { "\"NetworkMode\":\"web_net\"", "[container.create] networks = web_net", "web_net" },
        { "\"NetworkMode\":\"host\"", "[container.create] namespaces = network", "host" },
        { "\"PidMode\":\"host\"", "[container.create] namespaces = pid", "host" },
        { "\"PidMode\":\"container:" ID "\"", "", ID },
        { "\"Binds\":[\"/srv/x:/a\"]", "[container.create] bind-mounts = /srv/x", "/srv/x" },
        { "\"Binds\":[\"data:/a\"]", "[container.create] volumes = data", "data" },
        { "\"Privileged\":true", "[container.create] privileged = yes", "" },
        { "\"CapAdd\":[\"NET_ADMIN\"]", "[container.create] capabilities = NET_ADMIN",
          "NET_ADMIN" },
        { "\"CapAdd\":[\"cap_net_raw\"]", "[container.create] capabilities = NET_RAW",
          "cap_net_raw" },
        { "\"CapAdd\":[\"CAP_CAP_CHOWN\"]", "", "CAP_CAP_CHOWN" },
        { "\"Binds\":[\"/:/a\"]", "", "/" },
        { "\"Binds\":[\"/etc:/a\"]", "", "/etc" },
        { "\"Binds\":[\"/etc/sockgate/web.conf:/a\"]", "", "/etc/sockgate/web.conf" },
        { "\"Binds\":[\"/var/run/docker.sock:/a\"]", "", "/var/run/docker.sock" },
        { "\"Binds\":[\"/run/sockgate/webs:/a\"]", "", "/run/sockgate/webs" },
        { "\"Binds\":[\"/run/sockgate/web:/a\"]",
          "[container.create] bind-mounts = /run/sockgate/web", "/run/sockgate/web" },
        { "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/proc\",\"Target\":\"/a\"}]", "", "/proc" },
        { "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/a:ro\",\"Target\":\"/a\"}]",
          "[container.create] bind-mounts = ...", "/srv/a:ro" },
        { "\"LogConfig\":{\"Type\":\"gelf\"}", "[container.create] log-drivers = gelf", "gelf" },
        { "\"Binds\":[\"/srv/../etc:/a\"]", "", "/srv/../etc" },
};

START_TEST(a_refusal_says_which_line_would_allow_it) {
        char body[512];
        Decision d;

        (void) snprintf(body, sizeof(body), "{\"Image\":\"alpine:3\",\"HostConfig\":{%s}}",
                        hints[_i].body);
        create_notes = (JudgeNotes){ 0 };
        d = check_judge("POST /containers/create", &schema_container_create, "[container.create]\n",
                        body, &create_facts);
        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_msg(strcmp(create_notes.hint, hints[_i].hint) == 0, "%s: %s", body,
                      create_notes.hint);
        ck_assert_msg(bytes_eq_str(d.subject, hints[_i].value), "%s: %s", body, create_notes.value);
}
END_TEST

#define STATE(member)                                                                              \
        "{\"Image\":\"alpine:3\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"default\":{" member  \
        "}}}}"

static const struct {
        const char *config, *body, *reason;
} states[] = {
        { "endpoint-state = ignore\n", STATE("\"IPAddress\":\"10.0.0.9\",\"Gateway\":\"10.0.0.1\""),
          NULL },
        { "endpoint-state = ignore\n[upstream]\nengine = podman\n",
          STATE("\"IPAddress\":\"10.0.0.9\""), "static-address" },
        { "endpoint-state = ignore\nstatic-addresses = yes\n[upstream]\nengine = podman\n",
          STATE("\"IPAddress\":\"10.0.0.9\""), NULL },
        { "endpoint-state = ignore\n[upstream]\nengine = podman\n",
          STATE("\"Gateway\":\"10.0.0.1\""), NULL },
        { "", STATE("\"IPAddress\":\"10.0.0.9\""), "endpoint-state" },

        /* API 1.44 made it an option, and before it was the container's. */
        { "endpoint-state = ignore\n", STATE("\"MacAddress\":\"02:42:ac:11:00:02\""),
          "static-address" },
};

START_TEST(the_state_of_an_endpoint_is_ignored_where_the_engine_ignores_it) {
        char config[256];
        Decision d;

        (void) snprintf(config, sizeof(config), "[container.create]\n%s", states[_i].config);
        d = check_judge("POST /containers/create", &schema_container_create, config,
                        states[_i].body, &create_facts);
        ck_assert_int_eq(d.verdict, states[_i].reason ? VERDICT_DENY : VERDICT_ALLOW);
        if (states[_i].reason)
                ck_assert_str_eq(d.reason, states[_i].reason);
}
END_TEST

static void add(TCase *t) {
        tcase_add_loop_test(t, the_state_of_an_endpoint_is_ignored_where_the_engine_ignores_it, 0,
                            (int) ARRAY_SIZE(states));
        tcase_add_loop_test(t, a_refusal_says_which_line_would_allow_it, 0,
                            (int) ARRAY_SIZE(hints));
        tcase_add_loop_test(t, a_network_is_named_and_listed, 0, (int) ARRAY_SIZE(modes));
        tcase_add_test(t, only_containers_that_were_made_here_are_joined_by_id);
        tcase_add_loop_test(t, an_endpoint_is_in_an_allowed_network, 0,
                            (int) ARRAY_SIZE(endpoints));
        tcase_add_test(t, the_id_of_an_endpoint_is_that_of_its_network);
        tcase_add_loop_test(t, a_full_id_of_a_network_is_judged_by_the_name_it_has, 0,
                            (int) ARRAY_SIZE(by_id));
        tcase_add_loop_test(t, a_port_is_published_where_the_policy_says, 0,
                            (int) ARRAY_SIZE(ports));
        tcase_add_loop_test(t, links_hosts_and_name_servers_are_listed, 0, (int) ARRAY_SIZE(names));
}

int main(void) {
        return case_run("check-network", add);
}
