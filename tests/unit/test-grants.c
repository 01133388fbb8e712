/* SPDX-License-Identifier: Apache-2.0 */
/* config/grants: which operations the lines of [allow] and [deny] come to. */
#include "config-case.h"

#define PODMAN "[upstream]\nengine = podman\n"

/* Names of operations with single blanks: all of the first are granted, none of the second. */
static const struct {
        const char *text;
        const char *granted;
        const char *refused;
} cases[] = {
        { "", "system.ping system.version", "system.info container.list container.start" },
        { "[deny]\nendpoints = system.version\n", "system.ping", "system.version" },
        { "[deny]\nendpoints = system.ping system.version\n", "", "system.ping system.version" },
        { "[allow]\nPING = no\n", "system.ping", "" },

        /* Levels. */
        { "[allow]\nCONTAINERS = read\n", "container.list container.inspect container.logs",
          "container.create container.start container.export container.attach exec.create" },
        { "[allow]\nCONTAINERS = write\n", "container.list container.create container.remove",
          "container.export container.attach container.archive-write" },
        { "[allow]\nCONTAINERS = full\n", "container.list container.create container.export",
          "container.attach-ws container.copy exec.create image.list" },
        { "[allow]\nCONTAINERS = no\n", "", "container.list" },
        { "[allow]\nCONTAINERS = yes\n", "container.list", "container.create container.start" },
        { "[allow]\nCONTAINERS = yes\nPOST = yes\n", "container.list container.create",
          "container.export" },
        { "[allow]\nPOST = yes\nCONTAINERS = yes\n", "container.list container.create", "" },
        { "[allow]\nPOST = yes\nCONTAINERS = read\n", "container.list", "container.create" },
        { "[allow]\nPOST = yes\n", "", "container.create container.list" },
        { "[allow]\nPOST = 1\nCONTAINERS=1\nIMAGES=0\n", "container.create", "image.list" },
        { "[Allow]\ncontainers = READ\nPost = On\n", "container.list", "container.create" },
        { "[allow]\nEXEC = yes\nPOST = yes\n", "exec.create exec.start exec.inspect exec.resize",
          "container.list" },

        /* "no" takes nothing away; lines add up. */
        { "[allow]\nCONTAINERS = write\nCONTAINERS = no\n", "container.create", "" },
        { "[allow]\nCONTAINERS = full\nCONTAINERS = read\n", "container.export", "" },
        { "[allow]\nPOST = yes\nPOST = no\nCONTAINERS = yes\n", "container.create", "" },

        /* Switches, with POST or without. */
        { "[allow]\nALLOW_RESTARTS = yes\n", "container.stop container.restart container.kill",
          "container.start container.pause" },
        { "[allow]\nALLOW_START = yes\n", "container.start", "container.stop container.restart" },
        { "[allow]\nALLOW_STOP = yes\n", "container.stop", "container.kill container.restart" },
        { "[allow]\nALLOW_PAUSE = yes\n", "container.pause", "container.unpause" },
        { "[allow]\nALLOW_UNPAUSE = yes\n", "container.unpause", "container.pause" },
        { "[allow]\nALLOW_START = no\n", "", "container.start" },

        /* Names and globs. */
        { "[allow]\nendpoints = container.logs image.inspect\n", "container.logs image.inspect",
          "container.inspect image.list" },
        { "[allow]\nendpoints = container.logs\nendpoints = image.list\n",
          "container.logs image.list", "" },
        { "[allow]\nendpoints = container.logs\nendpoints =\n", "container.logs", "" },
        { "[allow]\nendpoints = network.*\n", "network.list network.create network.remove",
          "volume.list" },
        { "[allow]\nendpoints = container.*\n", "container.list container.create container.wait",
          "container.export container.attach container.archive-read container.commit" },
        { "[allow]\nendpoints = container.* container.export\n", "container.export",
          "container.attach" },
        { "[allow]\nendpoints = image.save\n", "image.save", "image.list" },

        /* Deny wins, and covers all. */
        { "[allow]\nEXEC = full\n[deny]\nendpoints = exec.*\n", "",
          "exec.create exec.start exec.inspect" },
        { "[deny]\nendpoints = container.*\n[allow]\nCONTAINERS = full\nendpoints = "
          "container.list\n",
          "", "container.list container.export container.create" },
        { "[allow]\nCONTAINERS = write\n[deny]\nendpoints = container.remove\n", "container.create",
          "container.remove" },
        { "[deny]\nendpoints = container.attach-ws debug.vars libpod.* libpod.container.*\n", "",
          "" },

        /* Podman. */
        { PODMAN "[allow]\nLIBPOD_CONTAINERS = read\n", "libpod.container.list",
          "libpod.container.create container.list libpod.container.start" },
        { PODMAN "[allow]\nLIBPOD_CONTAINERS = yes\nPOST = yes\n", "libpod.container.start",
          "libpod.container.create" },
        { PODMAN "[allow]\nCONTAINERS = full\n", "container.list", "libpod.container.list" },
        { PODMAN "[allow]\nendpoints = libpod.image.*\n", "libpod.image.list libpod.image.remove",
          "libpod.image.pull image.list" },
        { PODMAN "[allow]\nLIBPOD_IMAGES = full\n[deny]\nendpoints = libpod.*\n", "",
          "libpod.image.list libpod.image.pull" },
        { PODMAN "[allow]\nendpoints = image.*\n", "image.list", "libpod.image.list" },
};

static void check_names(const Policy *p, const char *names, bool granted, const char *text) {
        char copy[512], *save = NULL;

        (void) snprintf(copy, sizeof(copy), "%s", names);
        for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save))
                ck_assert_msg(case_is_granted(p, name) == granted, "%s: %s is %sgranted", text,
                              name, granted ? "not " : "");
}

START_TEST(grants_as_the_table_says) {
        Policy *p = case_policy(cases[_i].text);

        check_names(p, cases[_i].granted, true, cases[_i].text);
        check_names(p, cases[_i].refused, false, cases[_i].text);
        policy_unref(p);
}
END_TEST

static const struct {
        const char *text;
        unsigned line;
        const char *says;
} refusals[] = {
        { "[allow]\nCONTAINER = yes\n", 2, "(did you mean CONTAINERS?)" },
        { "[allow]\nALLOW_RESTART = yes\n", 2, "(did you mean ALLOW_RESTARTS?)" },
        { "[allow]\nendpoint = container.list\n", 2, "(did you mean endpoints?)" },
        { "[allow]\nSOMETHING = yes\n", 2, "unknown key 'SOMETHING' in [allow]" },
        { "[allow]\nCONTAINERS = some\n", 2, "is no level: write no, read, write, full or yes" },
        { "[allow]\nCONTAINERS =\n", 2, "is no level" },
        { "[allow]\nCONTAINERS = read write\n", 2, "is no level" },
        { "[allow]\nPOST = write\n", 2, "neither yes nor no" },
        { "[allow]\nALLOW_START = full\n", 2, "neither yes nor no" },
        { "[allow]\nendpoints = container.lst\n", 2, "(did you mean container.list?)" },
        { "[allow]\nendpoints = containers\n", 2, "is no operation" },
        { "[allow]\nendpoints = Container.list\n", 2, "(did you mean container.list?)" },
        { "[allow]\nendpoints = container.list,container.logs\n", 2, "holds a comma" },
        { "[allow]\nendpoints = POST=yes\n", 2, "holds '='" },
        { "[allow]\nendpoints = *\n", 2, "names no operation" },
        { "[allow]\nendpoints = *.list\n", 2, "names no operation" },
        { "[allow]\nendpoints = .*\n", 2, "names no operation" },
        { "[allow]\nendpoints = containers.*\n", 2, "names no operation" },
        { "[allow]\nendpoints = container.archive-*\n", 2, "names no operation" },
        { "[allow]\nendpoints = container.list.*\n", 2, "names no operation" },
        { "[allow]\n\nendpoints = container.list\nendpoints = container.attach-ws\n", 4,
          "container.attach-ws can't be granted by any configuration" },
        { "[allow]\nendpoints = debug.*\n", 2, "debug.* grants nothing" },
        { "[allow]\nendpoints = plugin.*\n", 2, "plugin.* grants nothing" },
        { "[allow]\nLIBPOD_CONTAINERS = read\n", 2, "LIBPOD_CONTAINERS needs engine = podman" },
        { "[allow]\nendpoints = libpod.container.list\n", 2, "needs engine = podman" },
        { "[allow]\nendpoints = libpod.container.*\n", 2, "needs engine = podman" },
        { PODMAN "[allow]\nendpoints = libpod.*\n", 4, "name its nouns" },
        { "[deny]\nCONTAINERS = yes\n", 2, "endpoints is its one key" },
        { "[deny]\nendpoints = exec.crate\n", 2, "(did you mean exec.create?)" },
        { "[deny]\nendpoints = *\n", 2, "names no operation" },
        { "[deny]\nendpoints = execs.*\n", 2, "names no operation" },
};

START_TEST(refuses_as_the_table_says) {
        ConfigError error;
        Policy *p = NULL;
        int r;

        r = case_parse(refusals[_i].text, &case_options, &p, &error);
        ck_assert_msg(r == -EINVAL, "%s: not refused", refusals[_i].text);
        ck_assert_ptr_null(p);
        ck_assert_msg(error.line == refusals[_i].line, "%s: line %u", refusals[_i].text,
                      error.line);
        ck_assert_msg(strstr(error.text, refusals[_i].says) != NULL, "%s: says '%s'",
                      refusals[_i].text, error.text);
}
END_TEST

START_TEST(knows_every_section_of_the_manual) {
        static const char sections[] =
                "AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO "
                "NETWORKS "
                "NODES PING PLUGINS SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES";
        char copy[sizeof(sections)], text[128], *save = NULL;

        memcpy(copy, sections, sizeof(copy));
        for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
                Policy *p;
                size_t n_granted = 0;

                (void) snprintf(text, sizeof(text), "[allow]\n%s = full\n", name);
                p = case_policy(text);
                for (size_t i = 0; i < endpoint_count(); i++)
                        if (p->grants[i].is_allowed && p->grants[i].allowed_at.file)
                                n_granted++;
                ck_assert_msg(n_granted > 0, "%s grants nothing", name);
                policy_unref(p);
        }
}
END_TEST

/* Whatever is written: what no policy may grant stays refused. */
START_TEST(no_section_grants_what_can_never_be_granted) {
        for (size_t i = 0; i < endpoint_count(); i++) {
                const Endpoint *e = endpoint_at(i);
                char text[128];
                Policy *p;

                if (e->level != ENDPOINT_LEVEL_NEVER || !*e->section)
                        continue;
                (void) snprintf(text, sizeof(text), PODMAN "[allow]\nPOST = yes\n%s = full\n",
                                e->section);
                p = case_policy(text);
                ck_assert_msg(!p->grants[i].is_allowed, "%s is granted", e->name);
                policy_unref(p);
        }
}
END_TEST

START_TEST(grants_know_the_line_that_gave_them) {
        Policy *p = case_policy("[allow]\nCONTAINERS = read\nendpoints = container.list\n"
                                "[deny]\nendpoints = image.list\n\nendpoints = image.*\n");

        ck_assert_uint_eq(case_grant(p, "container.list")->allowed_at.line, 2);
        ck_assert_str_eq(case_grant(p, "container.list")->allowed_at.file, "main.conf");
        ck_assert_uint_eq(case_grant(p, "image.list")->denied_at.line, 5);
        ck_assert_uint_eq(case_grant(p, "image.pull")->denied_at.line, 7);
        ck_assert_ptr_null(case_grant(p, "system.ping")->allowed_at.file);
        policy_unref(p);
}
END_TEST

static void add(TCase *tc) {
        tcase_add_loop_test(tc, grants_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_loop_test(tc, refuses_as_the_table_says, 0, (int) ARRAY_SIZE(refusals));
        tcase_add_test(tc, knows_every_section_of_the_manual);
        tcase_add_test(tc, no_section_grants_what_can_never_be_granted);
        tcase_add_test(tc, grants_know_the_line_that_gave_them);
}

int main(void) {
        return case_run("grants", add);
}
