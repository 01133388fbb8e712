/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-confine, check-container, check-image: what keeps a container in, and what it is. */
#include "check-create.h"

static const CheckCase confine[] = {
        { "", "\"Privileged\":false", NULL, NULL },
        { "", "\"Privileged\":true", "privileged", "/HostConfig/Privileged" },
        { "privileged = yes", "\"Privileged\":true", NULL, NULL },

        { "", "\"PidMode\":\"\",\"IpcMode\":\"none\",\"UTSMode\":\"\",\"CgroupnsMode\":\"private\"",
          NULL, NULL },
        { "", "\"IpcMode\":\"shareable\"", NULL, NULL },
        { "", "\"PidMode\":\"host\"", "namespace-host", "/HostConfig/PidMode" },
        { "namespaces = pid", "\"PidMode\":\"host\"", NULL, NULL },
        { "namespaces = pid", "\"IpcMode\":\"host\"", "namespace-host", "/HostConfig/IpcMode" },
        { "namespaces = ipc", "\"IpcMode\":\"host\"", NULL, NULL },
        { "namespaces = uts", "\"UTSMode\":\"host\"", NULL, NULL },
        { "", "\"UTSMode\":\"host\"", "namespace-host", "/HostConfig/UTSMode" },
        { "", "\"UsernsMode\":\"host\"", "namespace-host", "/HostConfig/UsernsMode" },
        { "namespaces = user", "\"UsernsMode\":\"host\"", NULL, NULL },
        { "", "\"CgroupnsMode\":\"host\"", "namespace-host", "/HostConfig/CgroupnsMode" },
        { "namespaces = cgroup", "\"CgroupnsMode\":\"host\"", NULL, NULL },
        { "", "\"PidMode\":\"container:web\"", "join-not-allowed", "/HostConfig/PidMode" },
        { "join-containers = web", "\"PidMode\":\"container:web\"", NULL, NULL },
        { "join-containers = web", "\"IpcMode\":\"container:web\"", NULL, NULL },
        { "join-containers = web", "\"UTSMode\":\"container:web\"", "namespace-mode",
          "/HostConfig/UTSMode" },
        { "namespaces = pid ipc uts user cgroup", "\"PidMode\":\"HOST\"", "namespace-mode",
          "/HostConfig/PidMode" },
        { "namespaces = pid", "\"PidMode\":\"ns:/proc/1/ns/pid\"", "namespace-mode",
          "/HostConfig/PidMode" },
        { "namespaces = pid", "\"Cgroup\":\"container:web\"", "field-refused",
          "/HostConfig/Cgroup" },

        { "", "\"CapAdd\":null,\"CapDrop\":[\"ALL\"]", NULL, NULL },
        { "", "\"CapAdd\":[],\"CapDrop\":[]", NULL, NULL },
        { "capabilities = ALL", "\"CapAdd\":[\"CHOWN\",\"\"]", "capability-name",
          "/HostConfig/CapAdd/1" },
        { "capabilities = ALL", "\"CapAdd\":\"\"", "capability-name", "/HostConfig/CapAdd" },
        { "", "\"CapDrop\":[\"\"]", "capability-name", "/HostConfig/CapDrop/0" },
        { "", "\"CapDrop\":\"\"", "capability-name", "/HostConfig/CapDrop" },
        { "", "\"CapAdd\":[\"SYS_ADMIN\"]", "capability-not-allowed", "/HostConfig/CapAdd/0" },
        { "", "\"CapAdd\":\"SYS_ADMIN\"", "capability-not-allowed", "/HostConfig/CapAdd" },
        { "capabilities = NET_ADMIN CAP_CHOWN",
          "\"CapAdd\":[\"net_admin\",\"CAP_NET_ADMIN\",\"cap_Chown\",\"CHOWN\"]", NULL, NULL },
        { "capabilities = NET_ADMIN", "\"CapAdd\":\"NET_ADMIN\"", NULL, NULL },
        { "capabilities = NET_ADMIN", "\"CapAdd\":[\"NET_ADMIN\",\"ALL\"]",
          "capability-not-allowed", "/HostConfig/CapAdd/1" },
        { "capabilities = NET_ADMIN", "\"CapAdd\":[\"CAP_CAP_NET_ADMIN\"]",
          "capability-not-allowed", "/HostConfig/CapAdd/0" },
        { "capabilities = SYS_ADMIN", "\"CapAdd\":[\"\u017fYS_ADMIN\"]", "capability-not-allowed",
          "/HostConfig/CapAdd/0" },
        { "capabilities = ALL", "\"CapAdd\":[\"SYS_ADMIN\",\"all\"]", NULL, NULL },

        { "",
          "\"SecurityOpt\":[\"no-new-privileges\",\"no-new-privileges:true\","
          "\"no-new-privileges=true\"]",
          NULL, NULL },
        { "", "\"SecurityOpt\":[\"no-new-privileges:false\"]", "security-option-not-allowed",
          "/HostConfig/SecurityOpt/0" },
        { "", "\"SecurityOpt\":[\"seccomp=unconfined\"]", "security-option-not-allowed",
          "/HostConfig/SecurityOpt/0" },
        { "security-options = seccomp:unconfined label:*",
          "\"SecurityOpt\":[\"seccomp=unconfined\",\"label=disable\",\"label:disable\"]", NULL,
          NULL },
        { "security-options = seccomp:unconfined", "\"SecurityOpt\":[\"apparmor=unconfined\"]",
          "security-option-not-allowed", "/HostConfig/SecurityOpt/0" },

        { "", "\"Sysctls\":{\"net.ipv4.ip_forward\":\"1\"}", "sysctl-not-allowed",
          "/HostConfig/Sysctls/net.ipv4.ip_forward" },
        { "sysctls = net.ipv4.*", "\"Sysctls\":{\"net.ipv4.ip_forward\":\"1\"}", NULL, NULL },
        { "sysctls = net.ipv4.*", "\"Sysctls\":{\"kernel.core_pattern\":\"|/x\"}",
          "sysctl-not-allowed", "/HostConfig/Sysctls/kernel.core_pattern" },

        { "", "\"Devices\":[{\"PathOnHost\":\"/dev/fuse\"}]", "device-not-allowed",
          "/HostConfig/Devices/0/PathOnHost" },
        { "devices = /dev/fuse /dev/dri/*",
          "\"Devices\":[{\"PathOnHost\":\"/dev/fuse\",\"PathInContainer\":\"/dev/x\","
          "\"CgroupPermissions\":\"rwm\"},{\"PathOnHost\":\"/dev/dri/card0\"}]",
          NULL, NULL },
        { "devices = /dev/dri/*", "\"Devices\":[{\"PathOnHost\":\"/dev/dri/../sda\"}]",
          "device-path", "/HostConfig/Devices/0/PathOnHost" },
        { "devices = /dev/dri/*", "\"Devices\":[{}]", "device-path",
          "/HostConfig/Devices/0/PathOnHost" },
        { "devices = /dev/fuse",
          "\"Devices\":[{\"PathOnHost\":\"/dev/fuse\",\"CgroupPermissions\":\"rwmx\"}]",
          "device-permissions", "/HostConfig/Devices/0/CgroupPermissions" },
        { "", "\"DeviceRequests\":[{\"Driver\":\"nvidia\",\"Count\":-1}]", "device-requests",
          "/HostConfig/DeviceRequests" },
        { "device-requests = yes",
          "\"DeviceRequests\":[{\"Driver\":\"nvidia\",\"Count\":-1,\"Capabilities\":[[\"gpu\"]]}]",
          NULL, NULL },
        { "device-requests = yes", "\"DeviceRequests\":[{\"Options\":{\"a\":\"b\"}}]",
          "field-refused", "/HostConfig/DeviceRequests/0/Options" },

        { "", "\"Runtime\":\"runc\"", NULL, NULL },
        { "", "\"Runtime\":\"io.containerd.runc.v2\"", "runtime-not-allowed",
          "/HostConfig/Runtime" },
        { "runtimes = runc runsc", "\"Runtime\":\"runsc\"", NULL, NULL },

        { "", "\"MaskedPaths\":null,\"ReadonlyPaths\":null", NULL, NULL },
        { "", "\"MaskedPaths\":[]", "paths-unmasked", "/HostConfig/MaskedPaths" },
        { "", "\"ReadonlyPaths\":[]", "paths-unmasked", "/HostConfig/ReadonlyPaths" },
        { "", "\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\"]",
          "paths-unmasked", "/HostConfig/ReadonlyPaths" },
        { "",
          "\"ReadonlyPaths\":[\"/x\",\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
          "\"/proc/sysrq-trigger\"],\"MaskedPaths\":[\"/proc/asound\",\"/proc/acpi\","
          "\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\",\"/proc/timer_list\","
          "\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/firmware\"]",
          NULL, NULL },
};

START_TEST(a_container_is_kept_in) {
        create_run_host(&confine[_i]);
}
END_TEST

static const CheckCase others[] = {
        { "", "\"GroupAdd\":[\"1000\",\"5\"]", NULL, NULL },
        { "", "\"GroupAdd\":[\"docker\"]", "group", "/HostConfig/GroupAdd/0" },
        { "", "\"GroupAdd\":[\"5\",\"0\"]", "group", "/HostConfig/GroupAdd/1" },
        { "", "\"RestartPolicy\":{\"Name\":\"always\"}", NULL, NULL },
        { "restart-policies = no", "\"RestartPolicy\":{\"Name\":\"always\"}",
          "restart-policy-not-allowed", "/HostConfig/RestartPolicy/Name" },
        { "restart-policies = no", "\"RestartPolicy\":{\"Name\":\"\"}", NULL, NULL },
        { "", "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}}", NULL,
          NULL },
        { "", "\"LogConfig\":{\"Config\":{\"max-size\":\"1m\"}}", NULL, NULL },
        { "", "\"LogConfig\":{\"Type\":\"journald\",\"Config\":{\"labels\":\"a\"}}", NULL, NULL },
        { "", "\"LogConfig\":{\"Type\":\"none\",\"Config\":{}}", NULL, NULL },
        { "", "\"LogConfig\":{\"Type\":\"none\",\"Config\":{\"max-size\":\"1m\"}}", "log-option",
          "/HostConfig/LogConfig/Config/max-size" },
        { "", "\"LogConfig\":{\"Type\":\"journald\",\"Config\":{\"tag\":\"sshd\"}}", "log-option",
          "/HostConfig/LogConfig/Config/tag" },
        { "", "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"-1\"}}",
          "log-option", "/HostConfig/LogConfig/Config/max-size" },
        { "", "\"LogConfig\":{\"Config\":{\"gelf-address\":\"udp://10.0.0.1:1\"}}", "log-option",
          "/HostConfig/LogConfig/Config/gelf-address" },
        { "", "\"LogConfig\":{\"Type\":\"gelf\"}", "log-driver-not-allowed",
          "/HostConfig/LogConfig/Type" },
        { "log-drivers = gelf",
          "\"LogConfig\":{\"Type\":\"gelf\",\"Config\":{\"gelf-address\":\"udp://10.0.0.1:1\"}}",
          "log-option", "/HostConfig/LogConfig/Config/gelf-address" },
        { "log-drivers = local", "\"LogConfig\":{\"Type\":\"json-file\"}", "log-driver-not-allowed",
          "/HostConfig/LogConfig/Type" },
        { "", "\"CgroupParent\":\"/\"", "field-refused", "/HostConfig/CgroupParent" },
        { "", "\"OomScoreAdj\":-1", "field-refused", "/HostConfig/OomScoreAdj" },
        { "", "\"OomScoreAdj\":1000", NULL, NULL },
        { "", "\"ConsoleSize\":[24,80],\"MemorySwappiness\":-1,\"Init\":true", NULL, NULL },
        { "", "\"Isolation\":\"hyperv\"", "field-refused", "/HostConfig/Isolation" },
        { "", "\"Annotations\":{\"run.oci.hooks\":\"x\"}", "field-refused",
          "/HostConfig/Annotations" },
        { "", "\"DeviceCgroupRules\":[\"a *:* rwm\"]", "field-refused",
          "/HostConfig/DeviceCgroupRules" },
        { "", "\"StorageOpt\":{\"size\":\"1G\"}", "field-refused", "/HostConfig/StorageOpt" },
};

START_TEST(what_has_no_key_is_harmless_or_refused) {
        create_run_host(&others[_i]);
}
END_TEST

#define STRICT "require = no-new-privileges drop-all-capabilities"
#define NNP    "\"SecurityOpt\":[\"no-new-privileges:true\"]"
#define DROP   "\"CapDrop\":[\"ALL\"]"

static const CheckCase required[] = {
        { STRICT, NNP "," DROP, NULL, NULL },
        { STRICT, NNP ",\"CapDrop\":\"all\"", NULL, NULL },
        { STRICT, DROP, "require-no-new-privileges", "/HostConfig/SecurityOpt" },
        { STRICT, "", "require-no-new-privileges", "/HostConfig/SecurityOpt" },
        { STRICT, NNP, "require-drop-all-capabilities", "/HostConfig/CapDrop" },
        { STRICT, NNP ",\"CapDrop\":[\"CHOWN\"]", "require-drop-all-capabilities",
          "/HostConfig/CapDrop" },
        { STRICT "\nprivileged = yes", NNP "," DROP ",\"Privileged\":true",
          "require-drop-all-capabilities", "/HostConfig/CapDrop" },
        { STRICT, NNP "," DROP ",\"CapAdd\":[\"CHOWN\"]", "capability-not-allowed",
          "/HostConfig/CapAdd/0" },
        { STRICT "\ncapabilities = CHOWN", NNP "," DROP ",\"CapAdd\":[\"CHOWN\"]", NULL, NULL },
        { STRICT "\nsecurity-options = no-new-privileges:false",
          DROP ",\"SecurityOpt\":[\"no-new-privileges\",\"no-new-privileges:false\"]",
          "require-no-new-privileges", "/HostConfig/SecurityOpt" },
        { STRICT "\nsecurity-options = no-new-privileges:false",
          DROP ",\"SecurityOpt\":[\"no-new-privileges:false\",\"no-new-privileges\"]", NULL, NULL },
        { "require = read-only", "\"ReadonlyRootfs\":true", NULL, NULL },
        { "require = read-only", "", "require-read-only", "/HostConfig/ReadonlyRootfs" },
        { "require = memory-limit", "\"Memory\":67108864", NULL, NULL },
        { "require = memory-limit", "\"Memory\":0", "require-memory-limit", "/HostConfig/Memory" },
        { "require = cpu-limit", "\"NanoCpus\":1", NULL, NULL },
        { "require = cpu-limit", "\"CpuQuota\":1", NULL, NULL },
        { "require = cpu-limit", "\"CpuQuota\":-1", "require-cpu-limit", "/HostConfig/NanoCpus" },
        { "require = pids-limit", "\"PidsLimit\":10", NULL, NULL },
        { "require = pids-limit", "\"PidsLimit\":-1", "require-pids-limit",
          "/HostConfig/PidsLimit" },
};

START_TEST(what_is_required_must_be_there) {
        create_run_host(&required[_i]);
}
END_TEST

#define IMAGE(name) "{\"Image\":\"" name "\"}"
#define USER(text)  "{\"Image\":\"alpine:3\",\"User\":" text "}"
#define LABEL(text) "{\"Image\":\"alpine:3\",\"Labels\":{" text "}}"

static const CheckCase bodies[] = {
        { "", IMAGE("alpine"), NULL, NULL },
        { "",
          IMAGE("ghcr.io/acme/app@sha256:"
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
          NULL, NULL },
        { "", "{}", "image-grammar", "/Image" },
        { "", IMAGE(""), "image-grammar", "/Image" },
        { "", IMAGE("Alpine"), "image-grammar", "/Image" },
        { "", IMAGE("bb"), "image-id", "/Image" },
        { "", IMAGE("deadbeef"), "image-id", "/Image" },
        { "", IMAGE("sha256:bb"), "image-id", "/Image" },
        { "image-ids = yes\nimages = alpine", IMAGE("bb"), NULL, NULL },
        { "images = alpine:* docker.io/acme/**", IMAGE("alpine:3"), NULL, NULL },
        { "images = alpine:* docker.io/acme/**", IMAGE("acme/a/b:1"), NULL, NULL },
        { "images = alpine:*", IMAGE("docker.io/library/alpine"), NULL, NULL },
        { "images = alpine:*", IMAGE("alpine2:3"), "image-not-allowed", "/Image" },
        { "images = alpine:*", IMAGE("evil.example/alpine:3"), "image-not-allowed", "/Image" },
        { "images = alpine:*", IMAGE("alpine:3.evil.example/x"), "image-grammar", "/Image" },

        { "", USER("\"\""), NULL, NULL },
        { "", USER("\"root\""), NULL, NULL },
        { "users = non-root", USER("\"1000:1000\""), NULL, NULL },
        { "users = non-root", IMAGE("alpine"), "user-root", "/User" },
        { "users = non-root", USER("\"\""), "user-root", "/User" },
        { "users = non-root", USER("\"00\""), "user-root", "/User" },
        { "users = non-root", USER("\"+0\""), "user-root", "/User" },
        { "users = non-root", USER("\"1000:0\""), "user-root", "/User" },
        { "users = non-root", USER("\"www-data\""), "user-root", "/User" },
        { "users = 1000:1000 www-data", USER("\"www-data\""), NULL, NULL },
        { "users = 1000:1000 www-data", USER("\"1000\""), "user-not-allowed", "/User" },
        { "users = 1000:1000 www-data", IMAGE("alpine"), "user-not-allowed", "/User" },

        { "", LABEL("\"traefik.enable\":\"true\""), NULL, NULL },
        { "deny-labels = traefik.*", LABEL("\"a\":\"b\""), NULL, NULL },
        { "deny-labels = traefik.*", LABEL("\"traefik.enable\":\"true\""), "label-denied",
          "/Labels/traefik.enable" },
        { "deny-labels = traefik.*", LABEL("\"Traefik.Enable\":\"true\""), "label-denied",
          "/Labels/Traefik.Enable" },
        { "deny-labels = traefik.*", LABEL("\"traefi\u212a.enable\":\"true\""), "label-denied",
          "/Labels/traefi\u212a.enable" },

        { "", "{\"Image\":\"alpine:3\",\"name\":\"web\"}", NULL, NULL },
        { "", "{\"Image\":\"alpine:3\",\"Platform\":null}", NULL, NULL },
        { "", "{\"Image\":\"alpine:3\",\"platform\":\"linux/amd64\"}", NULL, NULL },
        { "", "{\"Image\":\"alpine:3\",\"Platform\":{\"os\":\"linux\"}}", "field-refused",
          "/Platform" },
        { "", "{\"Image\":\"alpine:3\",\"name\":\"/web\"}", NULL, NULL },
        { "", "{\"Image\":\"alpine:3\",\"name\":\"mysql\"}", "name-differs", "/name" },
        { "", "{\"Image\":\"alpine:3\",\"MacAddress\":\"02:00:00:00:00:01\"}", "static-address",
          "/MacAddress" },
        { "static-addresses = yes", "{\"Image\":\"alpine:3\",\"MacAddress\":\"02:00:00:00:00:01\"}",
          NULL, NULL },
        { "", "{\"Image\":\"alpine:3\",\"Privileged\":true}", "field-refused", "/Privileged" },
        { "", "{\"Image\":\"alpine:3\",\"NetworkMode\":\"host\"}", "field-refused",
          "/NetworkMode" },
        { "", "{\"Image\":\"alpine:3\",\"MaskedPaths\":[]}", "field-refused", "/MaskedPaths" },
        { "", "{\"Image\":\"alpine:3\",\"OnBuild\":[\"RUN x\"]}", "field-refused", "/OnBuild" },
};

START_TEST(a_container_is_what_the_policy_lists) {
        create_run_body(&bodies[_i]);
}
END_TEST

typedef struct ScopeCase {
        const char *scope;
        const char *body;
        const char *reason;
        const char *pointer;
} ScopeCase;

#define PROJECT(name) "\"Labels\":{\"com.docker.compose.project\":\"" name "\"}"

static const ScopeCase scopes[] = {
        { "projects = web*", "{\"Image\":\"alpine:3\"," PROJECT("web1") "}", NULL, NULL },
        { "projects = web*", "{\"Image\":\"alpine:3\"," PROJECT("mysql") "}", "scope-project",
          "/Labels" },
        { "projects = web*", "{\"Image\":\"alpine:3\",\"Labels\":null}", "scope-project",
          "/Labels" },
        { "projects = web*", "{\"Image\":\"alpine:3\"}", "scope-project", "/Labels" },
        { "containers = web-*",
          "{\"Image\":\"alpine:3\",\"HostConfig\":{\"Links\":[\"web-1:a\"],\"PidMode\":"
          "\"container:web-1\"}}",
          NULL, NULL },
        { "containers = web-*", "{\"Image\":\"alpine:3\",\"HostConfig\":{\"Links\":[\"mysql:a\"]}}",
          "scope", "/HostConfig/Links/0" },
        { "containers = web-*",
          "{\"Image\":\"alpine:3\",\"HostConfig\":{\"PidMode\":\"container:mysql\"}}", "scope",
          "/HostConfig/PidMode" },
        { "containers = web-*",
          "{\"Image\":\"alpine:3\",\"HostConfig\":{\"VolumesFrom\":[\"web-1\"]}}", "field-refused",
          "/HostConfig/VolumesFrom" },
        { "networks = web_*",
          "{\"Image\":\"alpine:3\",\"HostConfig\":{\"NetworkMode\":\"default\"}}", NULL, NULL },
        { "networks = web_*", "{\"Image\":\"alpine:3\",\"HostConfig\":{\"NetworkMode\":\"web_a\"}}",
          NULL, NULL },
        { "networks = web_*", "{\"Image\":\"alpine:3\",\"HostConfig\":{\"NetworkMode\":\"mysql\"}}",
          "scope", "/HostConfig/NetworkMode" },
        { "volumes = web_*", "{\"Image\":\"alpine:3\",\"HostConfig\":{\"Binds\":[\"web_a:/a\"]}}",
          NULL, NULL },
        { "volumes = web_*", "{\"Image\":\"alpine:3\",\"HostConfig\":{\"Binds\":[\"mysql:/a\"]}}",
          "scope", "/HostConfig/Binds/0" },
};

static Decision scope_judge(const char *scope, const char *body, const PolicyFacts *facts) {
        char config[512];

        (void) snprintf(config, sizeof(config),
                        "[container.create]\nlinks = *\njoin-containers = *\nnetworks = *\n"
                        "volumes = *\n[scope]\n%s\n",
                        scope);
        return check_judge("POST /containers/create?name=web", &schema_container_create, config,
                           body, facts);
}

START_TEST(scope_bounds_what_a_body_names) {
        const ScopeCase *c = &scopes[_i];

        check_expect(c->body, scope_judge(c->scope, c->body, &create_facts), c->reason, c->pointer);
}
END_TEST

START_TEST(the_engine_is_asked_about_what_a_body_names) {
        static const char body[] = "{\"Image\":\"alpine:3\"," PROJECT(
                "web") ",\"HostConfig\":{\"PidMode\":\"container:mysql\"}}";
        Objects objects = { .n = 1 };
        PolicyFacts facts = create_facts;
        Decision d = scope_judge("projects = web", body, &facts);

        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, OBJECT_CONTAINER);
        ck_assert(bytes_eq_str(d.subject, "mysql"));
        ck_assert_ptr_eq(d.subject.data, create_notes.value); /* the body is gone by now */

        objects.items[0] =
                (Object){ .kind = OBJECT_CONTAINER, .asked = "mysql", .project = "other" };
        facts.objects = &objects;
        check_expect("of another project", scope_judge("projects = web", body, &facts), "scope",
                     "/HostConfig/PidMode");

        (void) strcpy(objects.items[0].project, "web");
        check_expect("of the project", scope_judge("projects = web", body, &facts), NULL, NULL);

        objects.items[0].is_missing = true;
        d = scope_judge("projects = web", body, &facts);
        check_expect("missing", d, "object-missing", "/HostConfig/PidMode");
        ck_assert_uint_eq(d.status, 404);
}
END_TEST

static void add(TCase *t) {
        tcase_add_loop_test(t, a_container_is_kept_in, 0, (int) ARRAY_SIZE(confine));
        tcase_add_loop_test(t, what_has_no_key_is_harmless_or_refused, 0, (int) ARRAY_SIZE(others));
        tcase_add_loop_test(t, what_is_required_must_be_there, 0, (int) ARRAY_SIZE(required));
        tcase_add_loop_test(t, a_container_is_what_the_policy_lists, 0, (int) ARRAY_SIZE(bodies));
        tcase_add_loop_test(t, scope_bounds_what_a_body_names, 0, (int) ARRAY_SIZE(scopes));
        tcase_add_test(t, the_engine_is_asked_about_what_a_body_names);
}

int main(void) {
        return case_run("check-confine", add);
}
