/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-exec: which command runs in a container, as whom and where. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define EXEC(lines) "[exec.create]\n" lines "\n"
#define CMD         "\"Cmd\":[\"ls\",\"-l\"]"

static const CheckCase cases[] = {
        { "", "{" CMD "}", NULL, NULL },
        { "",
          "{" CMD ",\"AttachStdin\":true,\"AttachStdout\":true,\"AttachStderr\":true,\"Tty\":true,"
          "\"Detach\":true,\"DetachKeys\":\"ctrl-p\",\"User\":\"\",\"Env\":[],\"WorkingDir\":\"\","
          "\"Privileged\":false,\"ConsoleSize\":[24,80]}",
          NULL, NULL },
        { "", "{\"Cmd\":[]}", "exec-command-missing", "/Cmd" },
        { "", "{}", "exec-command-missing", "/Cmd" },
        { EXEC("commands = ls /bin/*"), "{" CMD "}", NULL, NULL },
        { EXEC("commands = ls /bin/*"), "{\"Cmd\":[\"/bin/cat\"]}", NULL, NULL },
        { EXEC("commands = ls /bin/*"), "{\"Cmd\":[\"sh\",\"ls\"]}", "exec-command-not-allowed",
          "/Cmd/0" },
        { EXEC("commands = ls"), "{\"Cmd\":[\"ls \"]}", "exec-command-not-allowed", "/Cmd/0" },
        { EXEC("commands = ls"), "{\"Cmd\":[\"\"]}", "exec-command-not-allowed", "/Cmd/0" },

        { "", "{" CMD ",\"User\":\"root\"}", "exec-user-not-allowed", "/User" },
        { "", "{" CMD ",\"User\":\"1000\"}", "exec-user-not-allowed", "/User" },
        { EXEC("users = any"), "{" CMD ",\"User\":\"root\"}", NULL, NULL },
        { EXEC("users = 1000 app"), "{" CMD ",\"User\":\"app\"}", NULL, NULL },
        { EXEC("users = 1000"), "{" CMD ",\"User\":\"1000:0\"}", "exec-user-not-allowed", "/User" },
        { EXEC("users = non-root"), "{" CMD ",\"User\":\"1000:1000\"}", NULL, NULL },
        { EXEC("users = non-root"), "{" CMD ",\"User\":\"0\"}", "exec-user-root", "/User" },
        { EXEC("users = non-root"), "{" CMD ",\"User\":\"00\"}", "exec-user-root", "/User" },
        { EXEC("users = non-root"), "{" CMD ",\"User\":\"app\"}", "exec-user-root", "/User" },

        { "", "{" CMD ",\"Privileged\":true}", "exec-privileged", "/Privileged" },
        { EXEC("privileged = yes"), "{" CMD ",\"Privileged\":true}", NULL, NULL },
        { "", "{" CMD ",\"Env\":[\"LD_PRELOAD=/x\"]}", "exec-env", "/Env" },
        { EXEC("env = yes"), "{" CMD ",\"Env\":[\"A=b\"]}", NULL, NULL },

        { "", "{" CMD ",\"WorkingDir\":\"/srv\"}", "exec-working-dir-not-allowed", "/WorkingDir" },
        { EXEC("working-dirs = /srv/*"), "{" CMD ",\"WorkingDir\":\"/srv/a\"}", NULL, NULL },
        { EXEC("working-dirs = /srv/*"), "{" CMD ",\"WorkingDir\":\"/srv/../proc/self/fd/7\"}",
          "exec-working-dir", "/WorkingDir" },
        { EXEC("working-dirs = /srv/*"), "{" CMD ",\"WorkingDir\":\"/proc/self/fd/7\"}",
          "exec-working-dir-not-allowed", "/WorkingDir" },
        { EXEC("working-dirs = /srv/*"), "{" CMD ",\"WorkingDir\":\"srv/a\"}", "exec-working-dir",
          "/WorkingDir" },

        { "", "{" CMD ",\"Container\":\"web\"}", NULL, NULL },
        { "", "{" CMD ",\"Container\":\"mail\"}", "exec-container-differs", "/Container" },
        { "", "{" CMD ",\"ConsoleSize\":[24,80,1]}", "field-refused", "/ConsoleSize" },
        { "", "{" CMD ",\"Stranger\":1}", "field-unknown", "/Stranger" },
};

static const CheckCase start_cases[] = {
        { "", "{\"Detach\":false,\"Tty\":true}", NULL, NULL },
        { "", "{\"hijack\":true,\"stdin\":true,\"stdout\":true,\"stderr\":true}", NULL, NULL },
        { "", "{\"Privileged\":true}", "field-unknown", "/Privileged" },
};

START_TEST(judges_a_command_by_its_first_word_and_its_surroundings) {
        const CheckCase *c = &cases[_i];

        check_expect(c->body,
                     check_judge("POST /containers/web/exec", &schema_exec_create, c->ini, c->body,
                                 &facts),
                     c->reason, c->pointer);
}
END_TEST

START_TEST(starts_what_was_judged_when_it_was_made) {
        const CheckCase *c = &start_cases[_i];

        check_expect(
                c->body,
                check_judge("POST /exec/abc/start", &schema_exec_start, c->ini, c->body, &facts),
                c->reason, c->pointer);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-exec");
        TCase *tc = tcase_create("check-exec");

        tcase_add_loop_test(tc, judges_a_command_by_its_first_word_and_its_surroundings, 0,
                            ARRAY_SIZE(cases));
        tcase_add_loop_test(tc, starts_what_was_judged_when_it_was_made, 0,
                            ARRAY_SIZE(start_cases));
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}
