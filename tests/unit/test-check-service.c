/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-service: a service's containers obey container.create. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define CREATE(lines) "[container.create]\n" lines "\n"
#define SPEC(members)                                                                              \
        "{\"Name\":\"s\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"alpine:3\"" members "}}" \
        "}"
#define TASK(members)                                                                              \
        "{\"Name\":\"s\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"alpine:3\"}," members "}}"
#define TOP(members)                                                                               \
        "{\"Name\":\"s\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"alpine:3\"}}," members "}"
#define PORT(members) TOP("\"EndpointSpec\":{\"Ports\":[{\"TargetPort\":80" members "}]}")
#define AT_SPEC       "/TaskTemplate/ContainerSpec"
#define AT_PORT       "/EndpointSpec/Ports/0/PublishedPort"
#define AT_NETWORK    "/TaskTemplate/Networks/0/Target"
#define ID            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const CheckCase cases[] = {
        { "", SPEC(""), NULL, NULL },
        { "",
          SPEC(",\"Command\":[\"a\"],\"Args\":[\"b\"],\"Env\":[\"A=b\"],\"Isolation\":\"default\""),
          NULL, NULL },
        { "",
          TOP("\"Mode\":{\"Replicated\":{\"Replicas\":2}},\"UpdateConfig\":{\"MaxFailureRatio\":"
              "0.5}"),
          NULL, NULL },
        { "", TOP("\"Mode\":{\"Global\":{}}"), NULL, NULL },

        { CREATE("images = docker.io/mine/*"), SPEC(""), "image-not-allowed", AT_SPEC "/Image" },
        { "", "{\"Name\":\"s\"}", "image-grammar", AT_SPEC "/Image" },
        { CREATE("users = non-root"), SPEC(""), "user-root", AT_SPEC "/User" },
        { CREATE("users = non-root"), SPEC(",\"User\":\"1000\""), NULL, NULL },
        { "", SPEC(",\"Groups\":[\"0\"]"), "group", AT_SPEC "/Groups/0" },
        { "", SPEC(",\"CapabilityAdd\":[\"CAP_SYS_ADMIN\"]"), "capability-not-allowed",
          AT_SPEC "/CapabilityAdd/0" },
        { "", SPEC(",\"Sysctls\":{\"net.core.somaxconn\":\"1\"}"), "sysctl-not-allowed",
          AT_SPEC "/Sysctls/net.core.somaxconn" },
        { "", SPEC(",\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/x\"}]"),
          "bind-not-allowed", AT_SPEC "/Mounts/0/Source" },
        { CREATE("deny-labels = traefik.*"), TOP("\"Labels\":{\"traefik.enable\":\"true\"}"),
          "label-denied", "/Labels/traefik.enable" },
        { "", SPEC(",\"Privileges\":{\"Seccomp\":{\"Mode\":\"unconfined\"}}"), "field-refused",
          AT_SPEC "/Privileges/Seccomp/Mode" },
        { "", SPEC(",\"Privileges\":{\"CredentialSpec\":{\"File\":\"x\"}}"), "field-refused",
          AT_SPEC "/Privileges/CredentialSpec" },

        { "", TASK("\"Runtime\":\"container\""), NULL, NULL },
        { "", TASK("\"Runtime\":\"plugin\""), "field-refused", "/TaskTemplate/Runtime" },
        { "", TASK("\"PluginSpec\":{\"Name\":\"x\"}"), "field-refused",
          "/TaskTemplate/PluginSpec" },
        { "", TASK("\"NetworkAttachmentSpec\":{\"ContainerID\":\"x\"}"), "field-refused",
          "/TaskTemplate/NetworkAttachmentSpec" },

        { "", SPEC(",\"Secrets\":[{\"SecretID\":\"x\",\"SecretName\":\"key\"}]"),
          "secret-not-allowed", AT_SPEC "/Secrets/0/SecretName" },
        { "[service.create]\nsecrets = key*\n",
          SPEC(",\"Secrets\":[{\"SecretID\":\"x\",\"SecretName\":\"key1\"}]"), NULL, NULL },
        { "[service.create]\nsecrets = *\n", SPEC(",\"Secrets\":[{\"SecretID\":\"x\"}]"),
          "secret-not-allowed", AT_SPEC "/Secrets/0/SecretName" },
        { "[service.create]\nsecrets = *\n",
          SPEC(",\"Configs\":[{\"ConfigID\":\"x\",\"ConfigName\":\"c\"}]"), "config-not-allowed",
          AT_SPEC "/Configs/0/ConfigName" },
        { "[service.create]\nconfigs = c\n",
          SPEC(",\"Configs\":[{\"ConfigID\":\"x\",\"ConfigName\":\"c\"}]"), NULL, NULL },

        { CREATE("networks = app_*"), TASK("\"Networks\":[{\"Target\":\"app_net\"}]"), NULL, NULL },
        { "", TASK("\"Networks\":[{\"Target\":\"app_net\"}]"), "network-not-allowed", AT_NETWORK },
        { CREATE("networks = *"), TASK("\"Networks\":[{\"Target\":\"host\"}]"), "network-host",
          AT_NETWORK },
        { CREATE("networks = *"), TASK("\"Networks\":[{\"Target\":\"cafe\"}]"), "network-id",
          AT_NETWORK },
        { CREATE("networks = *"), TASK("\"Networks\":[{}]"), "network-name", AT_NETWORK },
        { "", TOP("\"Networks\":[{\"Target\":\"app_net\"}]"), "network-not-allowed",
          "/Networks/0/Target" },

        { "", PORT(",\"PublishedPort\":8080"), "port-not-allowed", AT_PORT },
        { CREATE("ports = 8000-8100"), PORT(",\"PublishedPort\":8080"), NULL, NULL },
        { CREATE("ports = *:8000-8100/udp"), PORT(",\"PublishedPort\":8080"), "port-not-allowed",
          AT_PORT },
        { CREATE("ports = *:8000-8100/udp"), PORT(",\"PublishedPort\":8080,\"Protocol\":\"udp\""),
          NULL, NULL },
        { CREATE("ports = 127.0.0.1:8000-8100"), PORT(",\"PublishedPort\":8080"),
          "port-not-allowed", AT_PORT },
        { CREATE("ports = 8000-8100"), PORT(""), "port-ephemeral", AT_PORT },
        { CREATE("ports = ephemeral"), PORT(",\"PublishedPort\":0"), NULL, NULL },
        { CREATE("ports = any"), PORT(",\"PublishedPort\":22"), NULL, NULL },

        { CREATE("restart-policies = no"), TASK("\"RestartPolicy\":{\"Condition\":\"any\"}"),
          "restart-policy-not-allowed", "/TaskTemplate/RestartPolicy/Condition" },
        { CREATE("restart-policies = on-failure"),
          TASK("\"RestartPolicy\":{\"Condition\":\"on-failure\"}"), NULL, NULL },
        { "", TASK("\"RestartPolicy\":{\"Condition\":\"any\"}"), NULL, NULL },
        { "", TASK("\"RestartPolicy\":{\"Condition\":\"sometimes\"}"), "restart-policy",
          "/TaskTemplate/RestartPolicy/Condition" },

        { "", TASK("\"LogDriver\":{\"Name\":\"json-file\",\"Options\":{\"max-size\":\"1m\"}}"),
          NULL, NULL },
        { "", TASK("\"LogDriver\":{\"Name\":\"syslog\"}"), "log-driver-not-allowed",
          "/TaskTemplate/LogDriver/Name" },
        { "", TASK("\"LogDriver\":{\"Name\":\"journald\",\"Options\":{\"tag\":\"sshd\"}}"),
          "log-option", "/TaskTemplate/LogDriver/Options/tag" },

        { "", TASK("\"Resources\":{\"Reservations\":{\"GenericResources\":[{}]}}"),
          "device-requests", "/TaskTemplate/Resources/Reservations/GenericResources" },
        { "", TASK("\"Resources\":{\"Limits\":{\"MemoryBytes\":1,\"NanoCPUs\":1,\"Pids\":1}}"),
          NULL, NULL },
        { CREATE("require = memory-limit"), SPEC(""), "require-memory-limit",
          "/TaskTemplate/Resources/Limits/MemoryBytes" },
        { CREATE("require = memory-limit cpu-limit pids-limit"),
          TASK("\"Resources\":{\"Limits\":{\"MemoryBytes\":1,\"NanoCPUs\":1,\"Pids\":1}}"), NULL,
          NULL },
        { CREATE("require = no-new-privileges drop-all-capabilities read-only"),
          SPEC(",\"Privileges\":{\"NoNewPrivileges\":true},\"CapabilityDrop\":[\"ALL\"],"
               "\"ReadOnly\":true"),
          NULL, NULL },
        { CREATE("require = no-new-privileges"),
          SPEC(",\"Privileges\":{\"NoNewPrivileges\":false}"), "require-no-new-privileges",
          AT_SPEC "/Privileges/NoNewPrivileges" },
        { CREATE("require = drop-all-capabilities"), SPEC(",\"CapabilityDrop\":[\"NET_RAW\"]"),
          "require-drop-all-capabilities", AT_SPEC "/CapabilityDrop" },
        { CREATE("require = read-only"), SPEC(",\"ReadOnly\":false"), "require-read-only",
          AT_SPEC "/ReadOnly" },
};

START_TEST(judges_the_containers_of_a_service) {
        const CheckCase *c = &cases[_i];

        check_expect(c->body,
                     check_judge("POST /services/create", &schema_service_create, c->ini, c->body,
                                 &facts),
                     c->reason, c->pointer);
}
END_TEST

START_TEST(asks_for_the_name_of_a_network_that_comes_as_an_id) {
        Objects objects = { .n = 1 };
        PolicyFacts f = facts;
        Decision d;

        d = check_judge("POST /services/create", &schema_service_create, CREATE("networks = app_*"),
                        TASK("\"Networks\":[{\"Target\":\"" ID "\"}]"), &f);
        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert(bytes_eq_str(d.subject, ID));

        objects.items[0] =
                (Object){ .kind = OBJECT_NETWORK, .asked = ID, .id = ID, .name = "mail_net" };
        f.objects = &objects;
        d = check_judge("POST /services/create", &schema_service_create, CREATE("networks = app_*"),
                        TASK("\"Networks\":[{\"Target\":\"" ID "\"}]"), &f);
        check_expect("resolved", d, "network-not-allowed", AT_NETWORK);

        d = check_judge("POST /services/create", &schema_service_create,
                        CREATE("networks = mail_*"), TASK("\"Networks\":[{\"Target\":\"" ID "\"}]"),
                        &f);
        check_expect("resolved", d, NULL, NULL);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-service");
        TCase *tc = tcase_create("check-service");

        tcase_add_loop_test(tc, judges_the_containers_of_a_service, 0, ARRAY_SIZE(cases));
        tcase_add_test(tc, asks_for_the_name_of_a_network_that_comes_as_an_id);
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
