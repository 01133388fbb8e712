/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-mounts: only what lies below a bind root is mounted, and only as the root says. */
#include "check-create.h"

#define SRV "bind-mounts = /srv/app exact:/etc/localtime:ro /srv/ro:ro"

static const CheckCase binds[] = {
        { SRV, "\"Binds\":[\"/srv/app:/a\"]", NULL, NULL },
        { SRV, "\"Binds\":[\"/srv/app/x/y:/a:rw\"]", NULL, NULL },
        { SRV, "\"Binds\":[\"/srv/app/a/b.c-d_e:/data:ro\"]", NULL, NULL },
        { SRV, "\"Binds\":[\"/srv/app:/a:ro,rprivate\"]", NULL, NULL },
        { SRV, "\"Binds\":[\"/etc/localtime:/etc/localtime:ro\"]", NULL, NULL },
        { SRV, "\"Binds\":[\"/srv/ro/x:/a:ro\"]", NULL, NULL },
        { SRV, "\"Binds\":null", NULL, NULL },
        { SRV, "\"Binds\":[]", NULL, NULL },
        { "", "\"Binds\":[]", NULL, NULL },

        { "", "\"Binds\":[\"/srv/app:/a\"]", "bind-not-allowed", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app:/a\",\"/:/h\"]", "bind-not-allowed", "/HostConfig/Binds/1" },
        { SRV, "\"Binds\":[\"/srv:/a\"]", "bind-not-allowed", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/apple:/a\"]", "bind-not-allowed", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/SRV/app:/a\"]", "bind-not-allowed", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/proc/self/root:/a\"]", "bind-not-allowed", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/etc/localtime/x:/a:ro\"]", "bind-not-allowed",
          "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/etc/localtime:/a\"]", "bind-read-only", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/ro:/a:rw\"]", "bind-read-only", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app/../../etc:/a\"]", "bind-path", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/../srv/app:/a\"]", "bind-path", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app/./x:/a\"]", "bind-path", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv//app:/a\"]", "bind-path", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"//srv/app:/a\"]", "bind-path", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app:/a:z\"]", "bind-option", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app:/a:rshared\"]", "bind-option", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/ro:/a:ro,rw\"]", "bind-option", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app\"]", "volume-anonymous", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\":/a\"]", "bind-grammar", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"/srv/app:b:/a\"]", "bind-grammar", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"\"]", "bind-grammar", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"~/x:/a\"]", "volume-name", "/HostConfig/Binds/0" },
        { SRV, "\"Binds\":[\"./x:/a\"]", "volume-name", "/HostConfig/Binds/0" },
};

START_TEST(a_bind_lies_below_a_root) {
        create_run_host(&binds[_i]);
}
END_TEST

static const CheckCase volumes[] = {
        { "volumes = app_*", "\"Binds\":[\"app_data:/a\"]", NULL, NULL },
        { "volumes = app_*", "\"Binds\":[\"app_data:/a:nocopy\"]", NULL, NULL },
        { "volumes = app_*", "\"Binds\":[\"data:/a\"]", "volume-not-allowed",
          "/HostConfig/Binds/0" },
        { "volumes = app_*", "\"Binds\":[\"app_/../x:/a\"]", "volume-name", "/HostConfig/Binds/0" },
        { "volumes = *", "\"Binds\":[\"etc/passwd:/a\"]", "volume-name", "/HostConfig/Binds/0" },
        { "", "\"Binds\":[\"data:/a\"]", "volume-not-allowed", "/HostConfig/Binds/0" },
        { "anonymous-volumes = yes", "\"Binds\":[\"/data\"]", NULL, NULL },
        { "anonymous-volumes = yes", "\"Binds\":[\"data:/a\"]", "volume-not-allowed",
          "/HostConfig/Binds/0" },
        { "volumes = *", "\"VolumeDriver\":\"evil\"", "field-refused", "/HostConfig/VolumeDriver" },
};

START_TEST(a_source_without_a_slash_is_a_volume) {
        create_run_host(&volumes[_i]);
}
END_TEST

#define MOUNT(members) "\"Mounts\":[{" members "}]"

static const CheckCase mounts[] = {
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app/x\",\"Target\":\"/a\""), NULL, NULL },
        { SRV,
          MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/ro\",\"Target\":\"/a\",\"ReadOnly\":true"),
          NULL, NULL },
        { SRV,
          MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app\",\"Target\":\"/a\",\"BindOptions\":"
                "{\"Propagation\":\"rprivate\",\"NonRecursive\":true,\"CreateMountpoint\":true}"),
          NULL, NULL },
        { SRV,
          MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app\",\"Target\":\"/a\",\"VolumeOptions\":"
                "{}"),
          NULL, NULL },
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/a\""), "bind-not-allowed",
          "/HostConfig/Mounts/0/Source" },
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app/..\",\"Target\":\"/a\""), "bind-path",
          "/HostConfig/Mounts/0/Source" },
        { SRV, MOUNT("\"Type\":\"bind\",\"Target\":\"/a\""), "bind-path",
          "/HostConfig/Mounts/0/Source" },
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/ro\",\"Target\":\"/a\""),
          "bind-read-only", "/HostConfig/Mounts/0/Source" },
        { SRV,
          MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/ro\",\"Target\":\"/a\",\"ReadOnly\":true,"
                "\"BindOptions\":{\"Propagation\":\"private\"}"),
          "bind-option", "/HostConfig/Mounts/0/BindOptions/Propagation" },
        { SRV,
          MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app\",\"Target\":\"/a\",\"VolumeOptions\":"
                "{\"NoCopy\":true}"),
          "mount-options", "/HostConfig/Mounts/0/VolumeOptions" },
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app\",\"Target\":\"a\""), "mount-target",
          "/HostConfig/Mounts/0/Target" },
        { SRV, MOUNT("\"Type\":\"bind\",\"Source\":\"/srv/app\""), "mount-target",
          "/HostConfig/Mounts/0/Target" },
        { SRV, MOUNT("\"Type\":\"\",\"Source\":\"/srv/app\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },
        { SRV, MOUNT("\"Source\":\"/srv/app\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },
        { SRV, MOUNT("\"Type\":\"BIND\",\"Source\":\"/srv/app\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },
        { SRV, MOUNT("\"Type\":\"image\",\"Source\":\"alpine\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },
        { SRV, MOUNT("\"Type\":\"npipe\",\"Source\":\"x\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },
        { SRV, MOUNT("\"Type\":\"cluster\",\"Source\":\"x\",\"Target\":\"/a\""), "mount-type",
          "/HostConfig/Mounts/0/Type" },

        { "volumes = app_*", MOUNT("\"Type\":\"volume\",\"Source\":\"app_x\",\"Target\":\"/a\""),
          NULL, NULL },
        { "volumes = app_*",
          MOUNT("\"Type\":\"volume\",\"Source\":\"app_x\",\"Target\":\"/a\",\"VolumeOptions\":{}"),
          NULL, NULL },
        { "volumes = app_*",
          MOUNT("\"Type\":\"volume\",\"Source\":\"app_x\",\"Target\":\"/a\",\"VolumeOptions\":"
                "{\"DriverConfig\":{\"Name\":\"local\"},\"Labels\":{\"a\":\"b\"}}"),
          NULL, NULL },
        { "volumes = app_*", MOUNT("\"Type\":\"volume\",\"Source\":\"x\",\"Target\":\"/a\""),
          "volume-not-allowed", "/HostConfig/Mounts/0/Source" },
        { "volumes = app_*", MOUNT("\"Type\":\"volume\",\"Source\":\"/etc\",\"Target\":\"/a\""),
          "volume-name", "/HostConfig/Mounts/0/Source" },
        { "volumes = app_*", MOUNT("\"Type\":\"volume\",\"Target\":\"/a\""), "volume-anonymous",
          "/HostConfig/Mounts/0/Source" },
        { "anonymous-volumes = yes", MOUNT("\"Type\":\"volume\",\"Target\":\"/a\""), NULL, NULL },
        { "volumes = *",
          MOUNT("\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/a\",\"VolumeOptions\":"
                "{\"DriverConfig\":{\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":"
                "\"/etc\"}}}"),
          "field-refused", "/HostConfig/Mounts/0/VolumeOptions/DriverConfig/Options" },

        { "", MOUNT("\"Type\":\"tmpfs\",\"Target\":\"/a\""), NULL, NULL },
        { "",
          MOUNT("\"Type\":\"tmpfs\",\"Target\":\"/a\",\"TmpfsOptions\":{\"SizeBytes\":1024,"
                "\"Mode\":1023}"),
          NULL, NULL },
        { "", MOUNT("\"Type\":\"tmpfs\",\"Source\":\"/etc\",\"Target\":\"/a\""), "mount-options",
          "/HostConfig/Mounts/0/Source" },
        { "tmpfs = no", MOUNT("\"Type\":\"tmpfs\",\"Target\":\"/a\""), "tmpfs-not-allowed",
          "/HostConfig/Mounts/0/Type" },
        { "",
          MOUNT("\"Type\":\"tmpfs\",\"Target\":\"/a\",\"TmpfsOptions\":{\"Options\":[[\"exec\"]]}"),
          "field-refused", "/HostConfig/Mounts/0/TmpfsOptions/Options" },
};

START_TEST(a_mount_is_judged_by_its_type) {
        create_run_host(&mounts[_i]);
}
END_TEST

static const CheckCase tmpfs[] = {
        { "", "\"Tmpfs\":{\"/run\":\"\"}", NULL, NULL },
        { "", "\"Tmpfs\":{\"/run\":\"rw,noexec,nosuid,size=64m,mode=1777,uid=0\"}", NULL, NULL },
        { "", "\"Tmpfs\":{\"/run\":\"suid\"}", "tmpfs-option", "/HostConfig/Tmpfs/~1run" },
        { "", "\"Tmpfs\":{\"/run\":\"dev\"}", "tmpfs-option", "/HostConfig/Tmpfs/~1run" },
        { "", "\"Tmpfs\":{\"/run\":\"size=1m,\"}", "tmpfs-option", "/HostConfig/Tmpfs/~1run" },
        { "", "\"Tmpfs\":{\"run\":\"\"}", "mount-target", "/HostConfig/Tmpfs/run" },
        { "tmpfs = no", "\"Tmpfs\":{\"/run\":\"\"}", "tmpfs-not-allowed", "/HostConfig/Tmpfs" },
        { "tmpfs = no", "\"Tmpfs\":{}", NULL, NULL },
};

START_TEST(a_tmpfs_has_harmless_options) {
        create_run_host(&tmpfs[_i]);
}
END_TEST

#define BODY(members, host) "{\"Image\":\"alpine:3\"," members ",\"HostConfig\":{" host "}}"

static const CheckCase legacy[] = {
        { SRV, BODY("\"Volumes\":{\"/a\":{}}", "\"Binds\":[\"/srv/app:/a\"]"), NULL, NULL },
        { SRV, BODY("\"Volumes\":{\"/a/\":{}}", "\"Binds\":[\"/srv/app:/a\"]"), NULL, NULL },
        { SRV, BODY("\"Volumes\":{\"/run\":{}}", "\"Tmpfs\":{\"/run\":\"\"}"), NULL, NULL },
        { SRV,
          BODY("\"Volumes\":{\"/a\":{}}", "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/a\"}]"),
          NULL, NULL },
        { SRV, BODY("\"Volumes\":{}", ""), NULL, NULL },
        { SRV, BODY("\"Volumes\":{\"/b\":{}}", "\"Binds\":[\"/srv/app:/a\"]"), "volume-anonymous",
          "/Volumes/~1b" },
        { "anonymous-volumes = yes", BODY("\"Volumes\":{\"/b\":{}}", ""), NULL, NULL },
        { SRV, BODY("\"VolumesFrom\":[]", "\"VolumesFrom\":null"), NULL, NULL },
        { SRV, BODY("\"Tty\":false", "\"VolumesFrom\":[\"web\"]"), "field-refused",
          "/HostConfig/VolumesFrom" },
        { SRV, BODY("\"Binds\":[\"/srv/app:/a\"]", ""), "field-refused", "/Binds" },
};

START_TEST(the_old_volumes_repeat_what_is_mounted_elsewhere) {
        create_run_body(&legacy[_i]);
}
END_TEST

#define SHOP         "volumes = *\nnetworks = *\n[scope]\nprojects = shop\n"
#define LEGACY       SHOP "volumes = old_*\n"
#define PROJECT      "\"com.docker.compose.project\":\"shop\""
#define OURS(host)   "{\"Image\":\"alpine:3\",\"Labels\":{" PROJECT "},\"HostConfig\":{" host "}}"
#define BINDS(name)  OURS("\"Binds\":[\"" name ":/a\"]")
#define VOLUME(name) OURS(MOUNT("\"Type\":\"volume\",\"Source\":\"" name "\",\"Target\":\"/a\""))
#define LABELLED(label)                                                                            \
        OURS(MOUNT("\"Type\":\"volume\",\"Source\":\"data\",\"Target\":\"/a\",\"VolumeOptions\":{" \
                   "\"Labels\":{" label "}}"))

/* One object that a create names, and what the engine says of it. */
static const struct {
        const char *ini, *body;
        ObjectKind kind;
        const char *asked;   /* NULL: the engine is not asked */
        const char *project; /* NULL: there is no such object */
        const char *reason;  /* NULL: allowed */
} scoped[] = {
        { SHOP, BINDS("data"), OBJECT_VOLUME, "data", "shop", NULL },
        { SHOP, VOLUME("data"), OBJECT_VOLUME, "data", "shop", NULL },
        { SHOP, BINDS("data"), OBJECT_VOLUME, "data", "mail", "scope" },
        { SHOP, VOLUME("data"), OBJECT_VOLUME, "data", "mail", "scope" },
        { SHOP, BINDS("data"), OBJECT_VOLUME, "data", "", "scope" },
        { SHOP, BINDS("data"), OBJECT_VOLUME, "data", NULL, "scope-project" },
        { SHOP, VOLUME("data"), OBJECT_VOLUME, "data", NULL, "scope-project" },
        { SHOP, LABELLED(PROJECT), OBJECT_VOLUME, "data", NULL, NULL },
        { SHOP, LABELLED(PROJECT), OBJECT_VOLUME, "data", "mail", "scope" },
        { SHOP, LABELLED("\"a\":\"b\""), OBJECT_VOLUME, "data", NULL, "scope-project" },
        { LEGACY, BINDS("old_data"), OBJECT_VOLUME, NULL, NULL, NULL },
        { LEGACY, BINDS("data"), OBJECT_VOLUME, "data", "shop", NULL },
        { LEGACY, BINDS("data"), OBJECT_VOLUME, "data", "mail", "scope" },
        { LEGACY, BINDS("data"), OBJECT_VOLUME, "data", NULL, "scope-project" },
        { "volumes = *", BINDS("data"), OBJECT_VOLUME, NULL, NULL, NULL },

        { SHOP, OURS("\"NetworkMode\":\"net\""), OBJECT_NETWORK, "net", "shop", NULL },
        { SHOP, OURS("\"NetworkMode\":\"net\""), OBJECT_NETWORK, "net", "mail", "scope" },
        { SHOP, OURS("\"NetworkMode\":\"net\""), OBJECT_NETWORK, "net", NULL, "object-missing" },
        { SHOP, OURS("\"NetworkMode\":\"bridge\""), OBJECT_NETWORK, NULL, NULL, NULL },
        { SHOP,
          BODY("\"Labels\":{" PROJECT "},\"NetworkingConfig\":{\"EndpointsConfig\":{\"net\":{}}}",
               ""),
          OBJECT_NETWORK, "net", "mail", "scope" },
};

START_TEST(what_a_create_takes_is_of_the_project) {
        Objects objects = { .n = 1, .items[0].kind = scoped[_i].kind };
        Object *o = &objects.items[0];
        PolicyFacts told = create_facts;
        char config[512];
        Decision d;

        (void) snprintf(config, sizeof(config), "[container.create]\n%s", scoped[_i].ini);
        d = check_judge("POST /containers/create?name=web", &schema_container_create, config,
                        scoped[_i].body, &create_facts);
        if (!scoped[_i].asked) {
                check_expect(scoped[_i].body, d, NULL, NULL);
                return;
        }
        ck_assert_int_eq(d.verdict, VERDICT_RESOLVE);
        ck_assert_int_eq(d.resolve_kind, scoped[_i].kind);
        ck_assert(bytes_eq_str(d.subject, scoped[_i].asked));

        (void) snprintf(o->asked, sizeof(o->asked), "%s", scoped[_i].asked);
        (void) snprintf(o->name, sizeof(o->name), "%s", scoped[_i].asked);
        (void) snprintf(o->project, sizeof(o->project), "%s",
                        scoped[_i].project ? scoped[_i].project : "");
        o->is_missing = !scoped[_i].project;
        told.objects = &objects;
        d = check_judge("POST /containers/create?name=web", &schema_container_create, config,
                        scoped[_i].body, &told);
        ck_assert_int_eq(d.verdict, scoped[_i].reason ? VERDICT_DENY : VERDICT_ALLOW);
        if (scoped[_i].reason)
                ck_assert_str_eq(d.reason, scoped[_i].reason);
}
END_TEST

START_TEST(more_mounts_than_can_be_judged_are_refused) {
        static char body[JUDGE_TARGETS_MAX * 32];
        CheckCase c = { SRV, body, NULL, NULL };

        for (unsigned n = JUDGE_TARGETS_MAX; n <= JUDGE_TARGETS_MAX + 1; n++) {
                size_t at = (size_t) sprintf(body, "{\"Image\":\"alpine:3\",\"HostConfig\":{"
                                                   "\"Binds\":[");

                for (unsigned i = 0; i < n; i++)
                        at += (size_t) sprintf(body + at, "%s\"/srv/app:/%u\"", i > 0 ? "," : "",
                                               i);
                (void) sprintf(body + at, "]}}");
                if (n > JUDGE_TARGETS_MAX) {
                        c.reason = "mount-count";
                        c.pointer = "/HostConfig/Binds/256";
                }
                create_run_body(&c);
        }
}
END_TEST

static void add(TCase *t) {
        tcase_add_loop_test(t, a_bind_lies_below_a_root, 0, (int) ARRAY_SIZE(binds));
        tcase_add_loop_test(t, a_source_without_a_slash_is_a_volume, 0, (int) ARRAY_SIZE(volumes));
        tcase_add_loop_test(t, a_mount_is_judged_by_its_type, 0, (int) ARRAY_SIZE(mounts));
        tcase_add_loop_test(t, a_tmpfs_has_harmless_options, 0, (int) ARRAY_SIZE(tmpfs));
        tcase_add_loop_test(t, the_old_volumes_repeat_what_is_mounted_elsewhere, 0,
                            (int) ARRAY_SIZE(legacy));
        tcase_add_loop_test(t, what_a_create_takes_is_of_the_project, 0, (int) ARRAY_SIZE(scoped));
        tcase_add_test(t, more_mounts_than_can_be_judged_are_refused);
}

int main(void) {
        return case_run("check-mounts", add);
}
