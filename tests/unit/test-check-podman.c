/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-podman: a text that Podman would cut apart is refused, as each was seen to do harm
 * there; Docker takes the same as it is. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define HOST(members)  "{\"Image\":\"alpine\",\"HostConfig\":{" members "}}"
#define MOUNT(members) HOST("\"Mounts\":[{" members "}]")
#define BIND(s, t)     MOUNT("\"Type\":\"bind\",\"Source\":\"" s "\",\"Target\":\"" t "\"")
#define TMPFS(t)       MOUNT("\"Type\":\"tmpfs\",\"Target\":\"" t "\"")
#define SRV            "bind-mounts = /srv"

static const CheckCase cases[] = {
        { SRV, BIND("/srv/a b", "/x;y=z"), NULL, NULL },
        { SRV, BIND("/srv", "/x,src=/etc"), "podman-text", "/HostConfig/Mounts/0/Target" },
        { SRV, BIND("/srv/a,source=/etc", "/x"), "podman-text", "/HostConfig/Mounts/0/Source" },
        { SRV, BIND("/srv", "/x,bind-propagation=rshared"), "podman-text",
          "/HostConfig/Mounts/0/Target" },
        { SRV, BIND("/srv", "/x\\\""), "podman-text", "/HostConfig/Mounts/0/Target" },
        { SRV, BIND("/srv", "/x\\n"), "podman-text", "/HostConfig/Mounts/0/Target" },
        { SRV, BIND("/srv/a\\rb", "/x"), "podman-text", "/HostConfig/Mounts/0/Source" },
        { "", TMPFS("/x,suid"), "podman-text", "/HostConfig/Mounts/0/Target" },
        { "volumes = app_*",
          MOUNT("\"Type\":\"volume\",\"Source\":\"app_x\",\"Target\":\"/x,source=secret\""),
          "podman-text", "/HostConfig/Mounts/0/Target" },

        { "",
          "{\"Image\":\"alpine\",\"Volumes\":{\"/etc:/x\":{}},\"HostConfig\":{\"Mounts\":[{"
          "\"Type\":\"tmpfs\",\"Target\":\"/etc:/x/\"}]}}",
          "podman-text", "/HostConfig/Mounts/0/Target" },
        { "anonymous-volumes = yes", "{\"Image\":\"alpine\",\"Volumes\":{\"/data\":{}}}", NULL,
          NULL },
        { "anonymous-volumes = yes", "{\"Image\":\"alpine\",\"Volumes\":{\"/etc:/x\":{}}}",
          "podman-text", "/Volumes/~1etc:~1x" },
        { "", HOST("\"Tmpfs\":{\"/x\":\"size=1m\"}"), NULL, NULL },
        { "", HOST("\"Tmpfs\":{\"/x:suid\":\"\"}"), "podman-text", "/HostConfig/Tmpfs/~1x:suid" },
        { "sysctls = *.somaxconn", HOST("\"Sysctls\":{\"net.core.somaxconn\":\"9\"}"), NULL, NULL },
        { "sysctls = *.somaxconn", HOST("\"Sysctls\":{\"kernel.x=|/y.somaxconn\":\"9\"}"),
          "podman-text", "/HostConfig/Sysctls/kernel.x=|~1y.somaxconn" },

        { "", "{\"Image\":\"alpine\",\"Labels\":{\"a.b\":\"c=d\"}}", NULL, NULL },
        { "deny-labels = secret", "{\"Image\":\"alpine\",\"Labels\":{\"secret=x\":\"y\"}}",
          "podman-text", "/Labels/secret=x" },
        { "", "{\"Image\":\"alpine\",\"Env\":[\"A=\",\"B=c*\"]}", NULL, NULL },
        { "", "{\"Image\":\"alpine\",\"Env\":[\"A=b\",\"TOKEN\"]}", "podman-env", "/Env/1" },
        { "", "{\"Image\":\"alpine\",\"Env\":[\"T*\"]}", "podman-env", "/Env/0" },
        { "", "{\"Image\":\"alpine\",\"Env\":[\"\"]}", "podman-env", "/Env/0" },
        { "", "{\"Image\":\"alpine\",\"Env\":null}", NULL, NULL },

        { "", HOST("\"ContainerIDFile\":\"\""), NULL, NULL },
        { "", HOST("\"ContainerIDFile\":\"/etc/passwd\""), "podman-cid-file",
          "/HostConfig/ContainerIDFile" },
        { "networks = *", HOST("\"NetworkMode\":\"app_net\""), NULL, NULL },
        { "networks = *", HOST("\"NetworkMode\":\"slirp4netns\""), "network-not-allowed",
          "/HostConfig/NetworkMode" },
        { "networks = *", HOST("\"NetworkMode\":\"pasta\""), "network-not-allowed",
          "/HostConfig/NetworkMode" },
        { "networks = slirp4netns", HOST("\"NetworkMode\":\"slirp4netns\""), NULL, NULL },

        { "endpoint-state = ignore",
          "{\"Image\":\"alpine\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"bridge\":{"
          "\"IPAddress\":\"10.88.0.9\"}}}}",
          "static-address", "/NetworkingConfig/EndpointsConfig/bridge/IPAddress" },
        { "endpoint-state = ignore",
          "{\"Image\":\"alpine\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"bridge\":{"
          "\"Gateway\":\"10.88.0.1\"}}}}",
          NULL, NULL },
        { "", "{\"Image\":\"alpine\"}", NULL, NULL },
        { "images = docker.io/library/*", "{\"Image\":\"docker.io/library/alpine\"}", NULL, NULL },
        { "images = docker.io/library/*", "{\"Image\":\"alpine\"}", "image-short", "/Image" },
        { "images = docker.io/mine/*", "{\"Image\":\"mine/app:1\"}", "image-short", "/Image" },
        { "", HOST("\"Mounts\":null,\"Tmpfs\":null"), NULL, NULL },
};

static Decision judge(const CheckCase *c, const char *engine) {
        char config[2048];

        (void) snprintf(config, sizeof(config), "[upstream]\nengine = %s\n[container.create]\n%s\n",
                        engine, c->ini);
        return check_judge("POST /containers/create?name=web", &schema_container_create, config,
                           c->body, &facts);
}

START_TEST(refuses_what_podman_would_cut_apart) {
        check_expect(cases[_i].body, judge(&cases[_i], "podman"), cases[_i].reason,
                     cases[_i].pointer);
}
END_TEST

START_TEST(leaves_to_docker_what_docker_takes_as_it_is) {
        check_expect(cases[_i].body, judge(&cases[_i], "docker"), NULL, NULL);
}
END_TEST

START_TEST(a_command_takes_no_variable_of_podmans_service) {
        static const char config[] = "[upstream]\nengine = podman\n[exec.create]\nenv = yes\n";
        static const char body[] = "{\"Cmd\":[\"ls\"],\"Env\":[\"A=b\",\"TOKEN\"]}";

        check_expect(
                body,
                check_judge("POST /containers/web/exec", &schema_exec_create, config, body, &facts),
                "podman-env", "/Env/1");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-podman");
        TCase *tc = tcase_create("check-podman");

        tcase_add_loop_test(tc, refuses_what_podman_would_cut_apart, 0, ARRAY_SIZE(cases));
        tcase_add_loop_test(tc, leaves_to_docker_what_docker_takes_as_it_is, 0, ARRAY_SIZE(cases));
        tcase_add_test(tc, a_command_takes_no_variable_of_podmans_service);
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
