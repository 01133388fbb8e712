/* SPDX-License-Identifier: Apache-2.0 */
/* config/load: which files are found, and which are not trusted. Each test has a root of its own.
 */
#include "config/load.h"

#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH_SIZE 512

static char root[64];

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        (void) st;
        (void) flag;
        (void) ftw;
        return remove(path);
}

static void setup(void) {
        (void) snprintf(root, sizeof(root), "/tmp/sockgate-load-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void) {
        (void) nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path below the root; four may be used at once. */
static const char *at(const char *path) {
        static char rooms[4][PATH_SIZE];
        static unsigned next;
        char *room = rooms[next++ % 4];

        (void) snprintf(room, PATH_SIZE, "%s%s", root, path);
        return room;
}

static void make_parents(const char *path) {
        char copy[PATH_SIZE];

        (void) snprintf(copy, sizeof(copy), "%s", path);
        for (char *slash = strchr(copy + strlen(root) + 1, '/'); slash;
             slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(copy, 0755) < 0)
                        ck_assert_int_eq(errno, EEXIST);
                *slash = '/';
        }
}

static void write_bytes(const char *path, const char *text, size_t n) {
        FILE *f;

        make_parents(at(path));
        f = fopen(at(path), "w");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(text, 1, n, f), n);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_eq(chmod(at(path), 0644), 0);
}

static void write_file(const char *path, const char *text) {
        write_bytes(path, text, strlen(text));
}

static void make_link(const char *path, const char *target) {
        make_parents(at(path));
        ck_assert_int_eq(symlink(target, at(path)), 0);
}

/* connections = N tells which file had the last word. */
static void write_mark(const char *path, unsigned n) {
        char text[64];

        (void) snprintf(text, sizeof(text), "[limits]\nconnections = %u\n", n);
        write_file(path, text);
}

static int load(const LoadOptions *given, Policy **ret, ConfigError *ret_error) {
        LoadOptions options = given ? *given : (LoadOptions){ 0 };
        char presets[PATH_SIZE], run[PATH_SIZE];

        (void) snprintf(presets, sizeof(presets), "%s/presets", root);
        (void) snprintf(run, sizeof(run), "%s/user-run", root);
        options.instance = options.instance ? options.instance : "web";
        options.preset_dir = presets;
        options.runtime_dir = options.is_user ? run : "/run";
        options.root = root;
        return load_policy(&options, ret, ret_error);
}

static Policy *load_good(const LoadOptions *options) {
        ConfigError error;
        Policy *p = NULL;
        int r;

        r = load(options, &p, &error);
        ck_assert_msg(r == 0, "refused: %s:%u: %s", error.path, error.line, error.text);
        return p;
}

static void expect_mark(const LoadOptions *options, unsigned n) {
        Policy *p = load_good(options);

        ck_assert_uint_eq(p->limits.n_connections, n);
        policy_unref(p);
}

/* Refused because of this file, with these words. */
static void expect_refusal(const LoadOptions *options, const char *path, const char *says) {
        ConfigError error;
        Policy *p = NULL;

        ck_assert_int_eq(load(options, &p, &error), -EINVAL);
        ck_assert_ptr_null(p);
        ck_assert_str_eq(error.path, path);
        ck_assert_msg(strstr(error.text, says) != NULL, "says '%s'", error.text);
}

START_TEST(no_file_is_the_default_policy) {
        Policy *p = load_good(NULL);

        ck_assert_str_eq(p->name, "web");
        ck_assert_str_eq(p->upstream, "/run/docker.sock");
        ck_assert_uint_eq(p->limits.n_connections, 4096);
        ck_assert_uint_eq(p->n_files, 0);
        policy_unref(p);
}
END_TEST

START_TEST(the_first_main_file_counts_alone) {
        write_mark("/usr/lib/sockgate/web.conf", 3);
        expect_mark(NULL, 3);
        write_mark("/run/sockgate/web.conf", 2);
        expect_mark(NULL, 2);
        write_file("/etc/sockgate/web.conf", "[limits]\nhead-timeout = 1s\n");
        expect_mark(NULL, 4096);
        write_mark("/etc/sockgate/other.conf", 9);
        expect_mark(NULL, 4096);
}
END_TEST

START_TEST(an_empty_main_file_hides_the_weaker_ones) {
        write_mark("/usr/lib/sockgate/web.conf", 3);
        write_file("/etc/sockgate/web.conf", "");
        expect_mark(NULL, 4096);
        ck_assert_int_eq(unlink(at("/etc/sockgate/web.conf")), 0);
        make_link("/etc/sockgate/web.conf", "/dev/null");
        expect_mark(NULL, 4096);
}
END_TEST

START_TEST(drop_ins_come_after_the_main_file_by_name) {
        write_mark("/etc/sockgate/web.conf", 1);
        write_mark("/usr/lib/sockgate/web.conf.d/50.conf", 50);
        expect_mark(NULL, 50);
        write_mark("/etc/sockgate/web.conf.d/40.conf", 40);
        expect_mark(NULL, 50);
        write_mark("/run/sockgate/web.conf.d/60.conf", 60);
        expect_mark(NULL, 60);
        write_mark("/etc/sockgate/web.conf.d/90.conf.bak", 90);
        write_mark("/etc/sockgate/web.conf.d/.91.conf", 91);
        write_mark("/etc/sockgate/other.conf.d/92.conf", 92);
        expect_mark(NULL, 60);
}
END_TEST

START_TEST(drop_ins_need_no_main_file) {
        write_mark("/etc/sockgate/web.conf.d/a.conf", 8);
        expect_mark(NULL, 8);
}
END_TEST

START_TEST(a_drop_in_of_etc_hides_or_masks_the_same_name) {
        write_mark("/usr/lib/sockgate/web.conf.d/50.conf", 50);
        write_mark("/etc/sockgate/web.conf.d/50.conf", 51);
        expect_mark(NULL, 51);
        write_file("/etc/sockgate/web.conf.d/50.conf", "");
        expect_mark(NULL, 4096);
        ck_assert_int_eq(unlink(at("/etc/sockgate/web.conf.d/50.conf")), 0);
        make_link("/etc/sockgate/web.conf.d/50.conf", "/dev/null");
        expect_mark(NULL, 4096);
        ck_assert_int_eq(unlink(at("/etc/sockgate/web.conf.d/50.conf")), 0);
        make_link("/etc/sockgate/web.conf.d/50.conf", "../../../dev-null");
        make_link("/dev-null", "/dev/null");
        expect_mark(NULL, 4096);
}
END_TEST

START_TEST(a_user_instance_has_its_own_directory_first) {
        char home[PATH_SIZE];
        LoadOptions options = { .is_user = true, .config_home = home };

        (void) snprintf(home, sizeof(home), "%s/home/.config", root);
        write_mark("/etc/sockgate/web.conf", 1);
        expect_mark(&options, 1);
        write_mark("/home/.config/sockgate/web.conf", 2);
        expect_mark(&options, 2);
        expect_mark(NULL, 1);
        write_mark("/home/.config/sockgate/web.conf.d/a.conf", 3);
        write_mark("/etc/sockgate/web.conf.d/a.conf", 4);
        expect_mark(&options, 3);
        options.config_home = NULL;
        expect_mark(&options, 4);
        options.config_home = "home/.config";
        expect_mark(&options, 4);
}
END_TEST

START_TEST(a_user_instance_takes_podman_when_docker_has_no_socket) {
        LoadOptions options = { .is_user = true };
        Policy *p = load_good(&options);

        ck_assert_str_eq(p->upstream, at("/user-run/podman/podman.sock"));
        policy_unref(p);
        write_file("/user-run/docker.sock", "");
        p = load_good(&options);
        ck_assert_str_eq(p->upstream, at("/user-run/docker.sock"));
        policy_unref(p);
}
END_TEST

START_TEST(a_named_file_is_read_with_its_drop_ins_alone) {
        char file[PATH_SIZE];
        LoadOptions options = { .config_file = file };

        (void) snprintf(file, sizeof(file), "%s/try.conf", root);
        write_mark("/etc/sockgate/web.conf", 1);
        write_mark("/etc/sockgate/web.conf.d/a.conf", 2);
        expect_refusal(&options, file, "does not exist");
        write_mark("/try.conf", 3);
        expect_mark(&options, 3);
        write_mark("/try.conf.d/b.conf", 4);
        expect_mark(&options, 4);
        ck_assert_int_eq(chdir(root), 0);
        (void) snprintf(file, sizeof(file), "try.conf");
        expect_mark(&options, 4);
        ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(only_presets_that_are_mentioned_are_read) {
        write_file("/presets/few.conf", "[limits]\nconnections = 5\n");
        write_file("/presets/broken.conf", "nonsense\n");
        ck_assert_int_eq(chmod(at("/presets/broken.conf"), 0666), 0);
        ck_assert_int_eq(chmod(at("/presets"), 0777), 0);

        write_mark("/etc/sockgate/web.conf", 1);
        expect_mark(NULL, 1);
        write_file("/etc/sockgate/web.conf", "[policy]\npreset = few\n");
        expect_refusal(NULL, at("/presets"), "chmod go-w");
        ck_assert_int_eq(chmod(at("/presets"), 0755), 0);
        expect_mark(NULL, 5);
        write_file("/etc/sockgate/web.conf", "[policy]\nPRESET = few broken\n");
        expect_refusal(NULL, at("/presets/broken.conf"), "chmod go-w");
}
END_TEST

START_TEST(presets_are_those_of_the_directory) {
        Policy *p;

        write_file("/presets/few.conf", "[limits]\nconnections = 5\n");
        write_file("/presets/README", "no preset\n");
        write_file("/etc/sockgate/web.conf", "[policy]\npreset = few\n");
        p = load_good(NULL);
        ck_assert_uint_eq(p->limits.n_connections, 5);
        ck_assert_uint_eq(p->n_files, 2);
        policy_unref(p);

        write_file("/etc/sockgate/web.conf", "[policy]\npreset = README\n");
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "unknown preset 'README'; known: few");
}
END_TEST

START_TEST(an_error_names_the_file_and_the_line) {
        ConfigError error;
        Policy *p = NULL;

        write_file("/etc/sockgate/web.conf", "[limits]\n");
        write_file("/etc/sockgate/web.conf.d/a.conf", "\n[limits]\nconections = 1\n");
        ck_assert_int_eq(load(NULL, &p, &error), -EINVAL);
        ck_assert_str_eq(error.path, at("/etc/sockgate/web.conf.d/a.conf"));
        ck_assert_uint_eq(error.line, 3);
        ck_assert_ptr_nonnull(strstr(error.text, "did you mean connections?"));
}
END_TEST

START_TEST(an_instance_has_a_proper_name) {
        LoadOptions options = { .instance = "../web" };

        expect_refusal(&options, "", "is no name of an instance");
}
END_TEST

/* What is made writable for others, and the path that is then refused. */
static const struct {
        const char *path;
        mode_t mode;
        bool is_refused;
} modes[] = {
        { "/etc/sockgate/web.conf", 0644, false },
        { "/etc/sockgate/web.conf", 0600, false },
        { "/etc/sockgate/web.conf", 0664, true },
        { "/etc/sockgate/web.conf", 0646, true },
        { "/etc/sockgate/web.conf.d/a.conf", 0666, true },
        { "/etc/sockgate", 0775, true },
        { "/etc/sockgate", 0757, true },
        { "/etc/sockgate", 01777, false },
        { "/etc", 0777, true },
        { "/etc", 01777, false },
        { "", 0777, true },
        { "", 01777, false },
        /* Who may add a drop-in adds a rule. */
        { "/etc/sockgate/web.conf.d", 0775, true },
        { "/etc/sockgate/web.conf.d", 01777, true },
        { "/presets", 01777, true },
        { "/presets/few.conf", 0664, true },
        /* The sample of what a link leads to. */
        { "/else/linked.conf", 0664, true },
        { "/else", 0777, true },
        { "/else", 01777, false },
        { "/hop", 0777, true },
};

START_TEST(what_others_may_write_is_refused) {
        write_mark("/etc/sockgate/web.conf", 1);
        write_mark("/etc/sockgate/web.conf.d/a.conf", 2);
        write_file("/etc/sockgate/web.conf.d/0.conf", "[policy]\npreset = few\n");
        write_mark("/presets/few.conf", 3);
        write_mark("/else/linked.conf", 4);
        /* Over two links, the first of them relative. */
        make_link("/etc/sockgate/web.conf.d/b.conf", "../../../hop/../hop/link.conf");
        make_link("/hop/link.conf", at("/else/linked.conf"));
        expect_mark(NULL, 4);

        ck_assert_int_eq(chmod(at(modes[_i].path), modes[_i].mode), 0);
        if (modes[_i].is_refused)
                expect_refusal(NULL, at(modes[_i].path), "chmod go-w");
        else
                expect_mark(NULL, 4);
        ck_assert_int_eq(chmod(root, 0700), 0);
}
END_TEST

static const char *const owned[] = {
        "/etc/sockgate/web.conf",
        "/etc/sockgate/web.conf.d/a.conf",
        "/etc/sockgate/web.conf.d/b.conf",
        "/etc/sockgate/web.conf.d",
        "/etc/sockgate",
        "/etc",
        "/else/linked.conf",
        "/else",
        "/presets",
        "/presets/few.conf",
};

/* Run by root alone: nobody else can give files away. */
START_TEST(what_belongs_to_somebody_else_is_refused) {
        write_mark("/etc/sockgate/web.conf", 1);
        write_mark("/etc/sockgate/web.conf.d/a.conf", 2);
        write_file("/etc/sockgate/web.conf.d/0.conf", "[policy]\npreset = few\n");
        write_mark("/presets/few.conf", 3);
        write_mark("/else/linked.conf", 4);
        make_link("/etc/sockgate/web.conf.d/b.conf", at("/else/linked.conf"));
        expect_mark(NULL, 4);

        ck_assert_int_eq(lchown(at(owned[_i]), 1234, 0), 0);
        expect_refusal(NULL, at(owned[_i]), "belongs to uid 1234");
}
END_TEST

START_TEST(only_regular_files_are_read) {
        make_parents(at("/etc/sockgate/web.conf/x"));
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "is no regular file");
        ck_assert_int_eq(rmdir(at("/etc/sockgate/web.conf")), 0);
        ck_assert_int_eq(mkfifo(at("/etc/sockgate/web.conf"), 0644), 0);
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "is no regular file");
}
END_TEST

START_TEST(a_link_that_leads_nowhere_is_refused) {
        make_link("/etc/sockgate/web.conf.d/a.conf", "gone.conf");
        expect_refusal(NULL, at("/etc/sockgate/web.conf.d/a.conf"), "leads nowhere");
        ck_assert_int_eq(unlink(at("/etc/sockgate/web.conf.d/a.conf")), 0);
        make_link("/etc/sockgate/web.conf", "/gone/web.conf");
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "leads nowhere");
        ck_assert_int_eq(unlink(at("/etc/sockgate/web.conf")), 0);
        make_link("/run/sockgate/web.conf.d", "gone.d");
        expect_refusal(NULL, at("/run/sockgate/web.conf.d"), "leads nowhere");
}
END_TEST

START_TEST(a_link_to_itself_is_refused) {
        make_link("/etc/sockgate/web.conf", "web.conf");
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "too many links");
}
END_TEST

START_TEST(a_drop_in_directory_may_be_a_link_but_no_file) {
        write_mark("/else/a.conf", 7);
        make_link("/etc/sockgate/web.conf.d", "../../else");
        expect_mark(NULL, 7);
        write_file("/run/sockgate/web.conf.d", "");
        expect_refusal(NULL, at("/run/sockgate/web.conf.d"), "can't be read");
}
END_TEST

START_TEST(a_file_has_at_most_one_mebibyte) {
        _cleanup_free_ char *text = malloc(MIB + 1);

        ck_assert_ptr_nonnull(text);
        memset(text, '\n', MIB + 1);
        write_bytes("/etc/sockgate/web.conf", text, MIB);
        expect_mark(NULL, 4096);
        write_bytes("/etc/sockgate/web.conf", text, MIB + 1);
        expect_refusal(NULL, at("/etc/sockgate/web.conf"), "larger than 1 MiB");
}
END_TEST

static void add_tests(TCase *tc) {
        tcase_add_test(tc, no_file_is_the_default_policy);
        tcase_add_test(tc, the_first_main_file_counts_alone);
        tcase_add_test(tc, an_empty_main_file_hides_the_weaker_ones);
        tcase_add_test(tc, drop_ins_come_after_the_main_file_by_name);
        tcase_add_test(tc, drop_ins_need_no_main_file);
        tcase_add_test(tc, a_drop_in_of_etc_hides_or_masks_the_same_name);
        tcase_add_test(tc, a_user_instance_has_its_own_directory_first);
        tcase_add_test(tc, a_user_instance_takes_podman_when_docker_has_no_socket);
        tcase_add_test(tc, a_named_file_is_read_with_its_drop_ins_alone);
        tcase_add_test(tc, only_presets_that_are_mentioned_are_read);
        tcase_add_test(tc, presets_are_those_of_the_directory);
        tcase_add_test(tc, an_error_names_the_file_and_the_line);
        tcase_add_test(tc, an_instance_has_a_proper_name);
        tcase_add_loop_test(tc, what_others_may_write_is_refused, 0, (int) ARRAY_SIZE(modes));
        if (geteuid() == 0)
                tcase_add_loop_test(tc, what_belongs_to_somebody_else_is_refused, 0,
                                    (int) ARRAY_SIZE(owned));
        tcase_add_test(tc, only_regular_files_are_read);
        tcase_add_test(tc, a_link_that_leads_nowhere_is_refused);
        tcase_add_test(tc, a_link_to_itself_is_refused);
        tcase_add_test(tc, a_drop_in_directory_may_be_a_link_but_no_file);
        tcase_add_test(tc, a_file_has_at_most_one_mebibyte);
}

int main(void) {
        Suite *suite = suite_create("load");
        TCase *tc = tcase_create("load");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        add_tests(tc);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
