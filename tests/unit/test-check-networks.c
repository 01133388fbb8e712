/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-networks: what networks are made of, and who joins them. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define NETWORK(lines) "[network.create]\n" lines "\n"
#define CONNECT(words) "[network.connect]\nnetworks = " words "\n"
#define NAME           "\"Name\":\"app_net\""
#define IPAM(config)   "{" NAME ",\"IPAM\":{\"Config\":[{" config "}]}}"
#define SUBNET         "/IPAM/Config/0/Subnet"
#define PROJECT        "\"com.docker.compose.project\""
#define ID             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const CheckCase create_cases[] = {
        { "", "{" NAME "}", NULL, NULL },
        { "",
          "{" NAME ",\"CheckDuplicate\":true,\"Driver\":\"bridge\",\"Scope\":\"\","
          "\"EnableIPv6\":false,\"IPAM\":{\"Driver\":\"default\",\"Options\":{},\"Config\":[]},"
          "\"Internal\":false,\"Attachable\":true,\"Ingress\":false,\"ConfigOnly\":false,"
          "\"ConfigFrom\":null,\"Options\":{},\"Labels\":{\"a\":\"b\"}}",
          NULL, NULL },
        { "", "{}", "network-name", "/Name" },
        { "", "{\"Name\":\"cafe\"}", "network-name", "/Name" },
        { "", "{\"Name\":\"7\"}", "network-name", "/Name" },
        { "", "{\"Name\":\"a/b\"}", "network-name", "/Name" },
        { "", "{\"Name\":\"host\"}", "network-name-reserved", "/Name" },
        { "", "{\"Name\":\"none\"}", "network-name-reserved", "/Name" },
        { "", "{\"Name\":\"bridge\"}", "network-name-reserved", "/Name" },
        { "", "{\"Name\":\"default\"}", "network-name-reserved", "/Name" },
        { NETWORK("names = app_*"), "{" NAME "}", NULL, NULL },
        { NETWORK("names = web_*"), "{" NAME "}", "network-name-not-allowed", "/Name" },

        { "", "{" NAME ",\"Driver\":\"macvlan\"}", "network-driver-not-allowed", "/Driver" },
        { NETWORK("drivers = macvlan"), "{" NAME ",\"Driver\":\"macvlan\"}", NULL, NULL },
        { NETWORK("drivers = macvlan"), "{" NAME ",\"Driver\":\"bridge\"}",
          "network-driver-not-allowed", "/Driver" },
        { "", "{" NAME ",\"Options\":{\"com.docker.network.bridge.name\":\"br0\"}}",
          "network-option-not-allowed", "/Options/com.docker.network.bridge.name" },
        { NETWORK("options = com.docker.network.bridge.name"),
          "{" NAME ",\"Options\":{\"com.docker.network.bridge.name\":\"br0\"}}", NULL, NULL },
        { "", "{" NAME ",\"Scope\":\"swarm\"}", "field-refused", "/Scope" },
        { "", "{" NAME ",\"Ingress\":true}", "field-refused", "/Ingress" },
        { "", "{" NAME ",\"ConfigFrom\":{\"Network\":\"x\"}}", "field-refused",
          "/ConfigFrom/Network" },
        { "", "{" NAME ",\"IPAM\":{\"Driver\":\"null\"}}", "field-refused", "/IPAM/Driver" },

        { "", IPAM("\"Subnet\":\"10.9.0.0/16\""), "subnet-not-allowed", SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.0.0/16\""), NULL, NULL },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.4.0/24\""), NULL, NULL },
        { NETWORK("subnets = 10.8.0.0/13"), IPAM("\"Subnet\":\"10.15.0.0/16\""), NULL, NULL },
        { NETWORK("subnets = 10.8.0.0/13"), IPAM("\"Subnet\":\"10.16.0.0/16\""),
          "subnet-not-allowed", SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.0.0/15\""),
          "subnet-not-allowed", SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.0.0/0\""), "subnet-not-allowed",
          SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"0.0.0.0/0\""), "subnet-not-allowed",
          SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.0.0/33\""), "subnet-grammar",
          SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"10.9.0/16\""), "subnet-grammar",
          SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"), IPAM("\"Subnet\":\"::ffff:10.9.0.0/112\""),
          "subnet-grammar", SUBNET },
        { NETWORK("subnets = fd00:1::/64"), IPAM("\"Subnet\":\"fd00:1::/80\""), NULL, NULL },
        { NETWORK("subnets = fd00:1::/64"), IPAM("\"Subnet\":\"fd00:2::/80\""),
          "subnet-not-allowed", SUBNET },
        { NETWORK("subnets = 10.9.0.0/16"),
          IPAM("\"Subnet\":\"10.9.0.0/24\",\"IPRange\":\"10.9.0.0/28\",\"Gateway\":\"10.9.0.1\","
               "\"AuxiliaryAddresses\":{\"a\":\"10.9.0.2\"}"),
          NULL, NULL },
        { NETWORK("subnets = 10.9.0.0/16"),
          IPAM("\"Subnet\":\"10.9.0.0/24\",\"Gateway\":\"10.8.0.1\""), "subnet-not-allowed",
          "/IPAM/Config/0/Gateway" },
        { NETWORK("subnets = 10.9.0.0/16"),
          IPAM("\"Subnet\":\"10.9.0.0/24\",\"AuxiliaryAddresses\":{\"a\":\"10.8.0.2\"}"),
          "subnet-not-allowed", "/IPAM/Config/0/AuxiliaryAddresses/a" },

        { "[scope]\nnetworks = app_*\n", "{" NAME "}", NULL, NULL },
        { "[scope]\nnetworks = web_*\n", "{" NAME "}", "scope", "/Name" },
        { "[scope]\nprojects = app\n", "{" NAME ",\"Labels\":{" PROJECT ":\"app\"}}", NULL, NULL },
        { "[scope]\nprojects = app\n", "{" NAME "}", "scope-project", "/Labels" },
        { "[scope]\nnetworks = web_*\nprojects = app\n",
          "{" NAME ",\"Labels\":{" PROJECT ":\"app\"}}", NULL, NULL },
};

START_TEST(judges_what_a_network_is_made_of) {
        const CheckCase *c = &create_cases[_i];

        check_expect(c->body,
                     check_judge("POST /networks/create", &schema_network_create, c->ini, c->body,
                                 &facts),
                     c->reason, c->pointer);
}
END_TEST

static const CheckCase connect_cases[] = {
        { CONNECT("app_*"), "{\"Container\":\"web\"}", NULL, NULL },
        { CONNECT("app_*"), "{\"Container\":\"web\",\"EndpointConfig\":{\"Aliases\":[\"a\"]}}",
          NULL, NULL },
        { "[container.create]\nnetworks = app_*\n", "{\"Container\":\"web\"}", NULL, NULL },
        { "", "{\"Container\":\"web\"}", "network-not-allowed", "" },
        { CONNECT("web_*"), "{\"Container\":\"web\"}", "network-not-allowed", "" },
        { CONNECT("app_*"),
          "{\"Container\":\"web\",\"EndpointConfig\":{\"IPAMConfig\":{\"IPv4Address\":"
          "\"10.0.0.1\"}}}",
          "static-address", "/EndpointConfig/IPAMConfig/IPv4Address" },
        { CONNECT("app_*") "[scope]\ncontainers = web-*\n", "{\"Container\":\"web-1\"}", NULL,
          NULL },
        { CONNECT("app_*") "[scope]\ncontainers = web-*\n", "{\"Container\":\"mail\"}", "scope",
          "/Container" },
        { CONNECT("app_*") "[scope]\ncontainers = web-*\n", "{\"Container\":\"cafe\"}", "scope-id",
          "/Container" },
        { CONNECT("app_*") "[scope]\ncontainers = web-*\n", "{}", "scope-name-missing",
          "/Container" },
};

START_TEST(judges_which_network_is_joined_and_by_whom) {
        const CheckCase *c = &connect_cases[_i];

        check_expect(c->body,
                     check_judge("POST /networks/app_net/connect", &schema_network_connect, c->ini,
                                 c->body, &facts),
                     c->reason, c->pointer);
}
END_TEST

START_TEST(a_network_is_left_by_the_same_rules) {
        check_expect("leave",
                     check_judge("POST /networks/app_net/disconnect", &schema_network_disconnect,
                                 CONNECT("app_*"), "{\"Container\":\"web\",\"Force\":true}",
                                 &facts),
                     NULL, NULL);
        check_expect("leave",
                     check_judge("POST /networks/app_net/disconnect", &schema_network_disconnect,
                                 CONNECT("web_*"), "{\"Container\":\"web\",\"Force\":true}",
                                 &facts),
                     "network-not-allowed", "");
}
END_TEST

#define APP_NET "POST /networks/app_net/connect"
#define BRIDGE  "POST /networks/bridge/connect"

/* The engine joins the NetworkID and not the network of the path. */
static Decision connect_with_id(const char *line, const char *ini, const Objects *objects,
                                const char *id) {
        PolicyFacts f = facts;
        char config[256], body[256];

        f.objects = objects;
        (void) snprintf(config, sizeof(config), "%s[container.create]\nendpoint-state = ignore\n",
                        ini);
        (void) snprintf(body, sizeof(body),
                        "{\"Container\":\"web\",\"EndpointConfig\":{\"NetworkID\":\"%s\"}}", id);
        return check_judge(line, &schema_network_connect, config, body, &f);
}

START_TEST(the_id_of_an_endpoint_is_that_of_the_network_in_the_path) {
        Objects objects = { .n = 2 };
        Object *o = &objects.items[0];
        const char *at = "/EndpointConfig/NetworkID";

        check_expect("the name", connect_with_id(APP_NET, CONNECT("app_*"), NULL, "app_net"), NULL,
                     NULL);
        check_expect("a name", connect_with_id(APP_NET, CONNECT("*"), NULL, "host"), "network-id",
                     at);
        check_expect("of a network of the engine's own",
                     connect_with_id(BRIDGE, CONNECT("*"), NULL, "host"), "network-id", at);
        ck_assert_int_eq(connect_with_id(APP_NET, CONNECT("*"), NULL, ID).verdict, VERDICT_RESOLVE);

        *o = (Object){ .kind = OBJECT_NETWORK, .asked = ID, .id = ID, .name = "app_net" };
        check_expect("its id", connect_with_id(APP_NET, CONNECT("*"), &objects, ID), NULL, NULL);

        (void) snprintf(o->name, sizeof(o->name), "mail_net");
        check_expect("another's", connect_with_id(APP_NET, CONNECT("*"), &objects, ID),
                     "network-id", at);
}
END_TEST

/* Engines up to 26.1 let two networks have one name. */
START_TEST(under_projects_the_label_is_that_of_the_id) {
        const char *ini = CONNECT("app_*") "[scope]\nprojects = app\n";
        Objects objects = { .n = 2 };

        objects.items[0] = (Object){
                .kind = OBJECT_CONTAINER,
                .asked = "web",
                .id = ID,
                .name = "web",
                .project = "app",
        };
        objects.items[1] = (Object){
                .kind = OBJECT_NETWORK,
                .asked = ID,
                .id = ID,
                .name = "app_net",
                .project = "app",
        };
        check_expect("ours", connect_with_id(APP_NET, ini, &objects, ID), NULL, NULL);

        (void) snprintf(objects.items[1].project, sizeof(objects.items[1].project), "mail");
        check_expect("theirs", connect_with_id(APP_NET, ini, &objects, ID), "scope",
                     "/EndpointConfig/NetworkID");
}
END_TEST

static Decision connect_by_id(const Objects *objects) {
        PolicyFacts f = facts;

        f.objects = objects;
        return check_judge("POST /networks/" ID "/connect", &schema_network_connect,
                           CONNECT("app_*"), "{\"Container\":\"web\"}", &f);
}

START_TEST(an_id_of_a_network_is_judged_by_the_name_it_has) {
        Objects objects = { .n = 1 };
        Object *o = &objects.items[0];
        Decision d = connect_by_id(NULL);

        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_NETWORK);
        ck_assert(bytes_eq_str(d.subject, ID));

        *o = (Object){ .kind = OBJECT_NETWORK, .asked = ID, .id = ID, .name = "app_net" };
        check_expect("resolved", connect_by_id(&objects), NULL, NULL);

        (void) snprintf(o->name, sizeof(o->name), "mail_net");
        d = connect_by_id(&objects);
        check_expect("resolved", d, "network-not-allowed", "");

        /* The client is told what it asked with; the record's hint names the network. */
        ck_assert(bytes_eq_str(d.subject, ID));
        ck_assert_str_eq(d.hint, "[network.connect] networks = mail_net");

        (void) snprintf(o->name, sizeof(o->name), "host");
        d = connect_by_id(&objects);
        check_expect("resolved", d, "network-host", "");
        ck_assert(bytes_eq_str(d.subject, ID));

        o->is_missing = true;
        d = connect_by_id(&objects);
        check_expect("missing", d, "object-missing", "");
        ck_assert_uint_eq(d.status, 404);
}
END_TEST

START_TEST(a_short_id_of_a_network_is_no_name) {
        check_expect("short",
                     check_judge("POST /networks/cafe/connect", &schema_network_connect,
                                 CONNECT("*"), "{\"Container\":\"web\"}", &facts),
                     "network-id", "");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-networks");
        TCase *tc = tcase_create("check-networks");

        tcase_add_loop_test(tc, judges_what_a_network_is_made_of, 0, ARRAY_SIZE(create_cases));
        tcase_add_loop_test(tc, judges_which_network_is_joined_and_by_whom, 0,
                            ARRAY_SIZE(connect_cases));
        tcase_add_test(tc, a_network_is_left_by_the_same_rules);
        tcase_add_test(tc, the_id_of_an_endpoint_is_that_of_the_network_in_the_path);
        tcase_add_test(tc, under_projects_the_label_is_that_of_the_id);
        tcase_add_test(tc, an_id_of_a_network_is_judged_by_the_name_it_has);
        tcase_add_test(tc, a_short_id_of_a_network_is_no_name);
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
