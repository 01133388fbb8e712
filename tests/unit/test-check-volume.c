/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-volume: names, drivers, and options that bind a path of the host. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define VOLUME(lines) "[volume.create]\n" lines "\n"
#define ROOTS(words)                                                                               \
        "[policy]\naccept-writable-roots = yes\n[container.create]\nbind-mounts = " words "\n"
#define BIND(device, flags)                                                                        \
        "{\"DriverOpts\":{\"type\":\"none\",\"o\":\"" flags "\",\"device\":\"" device "\"}}"
#define PROJECT "\"com.docker.compose.project\""

static const CheckCase cases[] = {
        { "", "{\"Name\":\"data\",\"Driver\":\"local\",\"DriverOpts\":{},\"Labels\":{\"a\":\"b\"}}",
          NULL, NULL },
        { "", "{}", NULL, NULL },
        { "", "{\"Name\":\"\",\"Driver\":\"\",\"DriverOpts\":null,\"Labels\":null}", NULL, NULL },
        { VOLUME("names = app_*"), "{\"Name\":\"app_data\"}", NULL, NULL },
        { VOLUME("names = app_*"), "{\"Name\":\"mail\"}", "volume-name-not-allowed", "/Name" },
        { VOLUME("names = app_*"), "{}", "volume-name-not-allowed", "/Name" },
        { VOLUME("names = app_*"), "{\"Name\":\"\"}", "volume-name-not-allowed", "/Name" },
        { "", "{\"Name\":\"/etc\"}", "volume-name", "/Name" },
        { "", "{\"Name\":\"../x\"}", "volume-name", "/Name" },

        { "", "{\"Driver\":\"nfs\"}", "volume-driver-not-allowed", "/Driver" },
        { VOLUME("drivers = local nfs"), "{\"Driver\":\"nfs\"}", NULL, NULL },
        { VOLUME("drivers = nfs"), "{\"Driver\":\"local\"}", NULL, NULL },
        { "", "{\"DriverOpts\":{\"size\":\"1\"}}", "volume-option-not-allowed",
          "/DriverOpts/size" },
        { VOLUME("options = size"), "{\"DriverOpts\":{\"size\":\"1\"}}", NULL, NULL },
        { "", "{\"DriverOpts\":{\"type\":\"tmpfs\",\"device\":\"tmpfs\",\"o\":\"size=1m\"}}",
          "volume-option-not-allowed", "/DriverOpts/type" },
        { VOLUME("options = type device o"),
          "{\"DriverOpts\":{\"type\":\"tmpfs\",\"device\":\"tmpfs\",\"o\":\"size=1m\"}}", NULL,
          NULL },
        { "", "{\"DriverOpts\":{\"type\":\"nfs\",\"device\":\":/\",\"o\":\"addr=1.2.3.4\"}}",
          "volume-option-not-allowed", "/DriverOpts/type" },
        { VOLUME("options = type device o"),
          "{\"DriverOpts\":{\"device\":\"/dev/sda\",\"type\":\"ext4\"}}", "volume-type-not-allowed",
          "/DriverOpts/type" },
        { VOLUME("options = type device o"),
          "{\"DriverOpts\":{\"type\":\"overlay\",\"device\":\"x\",\"o\":\"lowerdir=/etc\"}}",
          "volume-type-not-allowed", "/DriverOpts/type" },
        { VOLUME("options = type device o"), "{\"DriverOpts\":{\"device\":\"/etc\"}}",
          "volume-type-not-allowed", "/DriverOpts/type" },
        { VOLUME("options = type device o"),
          "{\"DriverOpts\":{\"type\":\"nfs\",\"device\":\":/x\",\"o\":\"addr=1.2.3.4\"}}", NULL,
          NULL },
        { "", "{\"DriverOpts\":{\"device\":\"/dev/sda1\",\"type\":\"ext4\"}}",
          "volume-option-not-allowed", "/DriverOpts/device" },

        /* a bind of the host */
        { "", BIND("/etc", "bind"), "bind-not-allowed", "/DriverOpts/device" },
        { VOLUME("options = type device o"), BIND("/etc", "bind"), "bind-not-allowed",
          "/DriverOpts/device" },
        { VOLUME("options = type device o"), BIND("/etc", "rbind"), "bind-not-allowed",
          "/DriverOpts/device" },
        { VOLUME("options = type device o"), BIND("/etc", "ro,bind"), "bind-not-allowed",
          "/DriverOpts/device" },
        { VOLUME("options = type device o"), BIND("/etc", ""), "bind-not-allowed",
          "/DriverOpts/device" },
        { VOLUME("options = device o"), "{\"DriverOpts\":{\"o\":\"bind\",\"device\":\"/etc\"}}",
          "bind-not-allowed", "/DriverOpts/device" },
        { VOLUME("options = type device o"),
          "{\"DriverOpts\":{\"type\":\"ext4\",\"o\":\"bind\",\"device\":\"/etc\"}}",
          "volume-bind-option", "/DriverOpts/type" },
        { ROOTS("/srv/app"), BIND("/srv/app", "bind"), NULL, NULL },
        { ROOTS("/srv/app"), BIND("/srv/app/x", "bind,ro"), NULL, NULL },
        { ROOTS("/srv/app"), BIND("/srv/apple", "bind"), "bind-not-allowed", "/DriverOpts/device" },
        { ROOTS("/srv/app"), BIND("/srv/app/../x", "bind"), "bind-path", "/DriverOpts/device" },
        { ROOTS("/srv/app"), BIND("/", "bind"), "bind-not-allowed", "/DriverOpts/device" },
        { ROOTS("/srv/app:ro"), BIND("/srv/app", "bind"), "bind-read-only", "/DriverOpts/device" },
        { ROOTS("/srv/app:ro"), BIND("/srv/app", "bind,ro,rw"), "bind-read-only",
          "/DriverOpts/device" },
        { ROOTS("/srv/app:ro"), BIND("/srv/app", "bind,ro"), NULL, NULL },
        { ROOTS("/srv/app"), BIND("/srv/app", "bind,shared"), "volume-bind-option",
          "/DriverOpts/o" },
        { ROOTS("/srv/app"),
          "{\"DriverOpts\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/srv/app\","
          "\"size\":\"1\"}}",
          "volume-bind-option", "/DriverOpts/size" },

        { "[scope]\nvolumes = app_*\n", "{\"Name\":\"app_data\"}", NULL, NULL },
        { "[scope]\nvolumes = app_*\n", "{\"Name\":\"mail\"}", "scope", "/Name" },
        { "[scope]\nvolumes = app_*\n", "{}", "scope-name-missing", "/Name" },
        { "[scope]\nvolumes = old_*\nprojects = app\n",
          "{\"Name\":\"app_data\",\"Labels\":{" PROJECT ":\"app\"}}", NULL, NULL },
        { "[scope]\nvolumes = old_*\nprojects = app\n", "{\"Name\":\"old_data\"}", "scope-project",
          "/Labels" },
        { "[scope]\nprojects = app*\n", "{\"Labels\":{" PROJECT ":\"app1\"}}", NULL, NULL },
        { "[scope]\nprojects = app*\n", "{\"Labels\":{" PROJECT ":\"mail\"}}", "scope-project",
          "/Labels" },
        { "[scope]\nprojects = app*\n", "{\"Name\":\"app1\"}", "scope-project", "/Labels" },

        { "", "{\"ClusterVolumeSpec\":{\"Group\":\"g\"}}", "field-refused",
          "/ClusterVolumeSpec/Group" },
};

START_TEST(judges_what_a_volume_is_made_of) {
        const CheckCase *c = &cases[_i];

        check_expect(
                c->body,
                check_judge("POST /volumes/create", &schema_volume_create, c->ini, c->body, &facts),
                c->reason, c->pointer);
}
END_TEST

START_TEST(a_cluster_volume_stays_as_it_is) {
        check_expect("update",
                     check_judge("PUT /volumes/data", &schema_volume_update, "",
                                 "{\"Spec\":{\"Availability\":\"drain\"}}", &facts),
                     "field-refused", "/Spec/Availability");
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-volume");
        TCase *tc = tcase_create("check-volume");

        tcase_add_loop_test(tc, judges_what_a_volume_is_made_of, 0, ARRAY_SIZE(cases));
        tcase_add_test(tc, a_cluster_volume_stays_as_it_is);
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
