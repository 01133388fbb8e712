/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec.create: which command runs in a container, as whom and where. The command is judged by its
 * first word as it was sent: what a shell or an interpreter does with the rest is not seen. Refuses
 * working directories that are no plain path, as /proc/self/fd/7 once led out of a container.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/grammar.h"
#include "util/macros.h"

/* Absent is the container's own user, and never comes here. */
bool check_exec_user(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_EXEC_USERS);

        (void) f;
        if (judge_has_word(j, RULE_EXEC_USERS, "any"))
                return true;
        if (judge_has_word(j, RULE_EXEC_USERS, "non-root"))
                return grammar_is_non_root(v->string) ||
                       judge_deny(j, RULE_NONE, "exec-user-root",
                                  "the user has to be a number other than 0:", v->string);

        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq(words->items[i].text, v->string))
                        return true;

        return judge_deny(j, RULE_EXEC_USERS, "exec-user-not-allowed",
                          "the user is not allowed:", v->string);
}

bool check_exec_privileged(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        (void) v;
        if (judge_is_yes(j, RULE_EXEC_PRIVILEGED))
                return true;

        return judge_deny_word(j, RULE_EXEC_PRIVILEGED, "yes", "exec-privileged",
                               "a command may not be privileged", BYTES_NONE);
}

bool check_exec_env(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (judge_is_yes(j, RULE_EXEC_ENV))
                return check_podman_env(j, v);

        return judge_deny_word(j, RULE_EXEC_ENV, "yes", "exec-env",
                               "a command may not have an environment of its own", BYTES_NONE);
}

bool check_exec_working_dir(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (!grammar_is_plain_path(v->string))
                return judge_deny(j, RULE_NONE, "exec-working-dir",
                                  "no absolute path without empty, . and .. segments:", v->string);
        if (judge_matches(j, RULE_EXEC_WORKING_DIRS, v->string, NULL))
                return true;

        return judge_deny(j, RULE_EXEC_WORKING_DIRS, "exec-working-dir-not-allowed",
                          "the working directory is not allowed:", v->string);
}

bool check_exec_command(Judge *j, const Field *f, const BodyValue *v) {
        Bytes command;
        size_t len;

        (void) f;
        if (body_size(v) == 0)
                return judge_deny(j, RULE_NONE, "exec-command-missing", "no command is named",
                                  BYTES_NONE);

        len = judge_push_index(j, 0);
        command = body_element(v, 0).string;
        if (!judge_matches(j, RULE_EXEC_COMMANDS, command, NULL))
                return judge_deny(j, RULE_EXEC_COMMANDS, "exec-command-not-allowed",
                                  "the command is not allowed:", command);

        judge_pop(j, len);
        return true;
}

/* docker-py repeats the id; the engine reads the path's. */
bool check_exec_container(Judge *j, const Field *f, const BodyValue *v) {
        (void) f;
        if (bytes_eq(v->string, j->req->match.slot))
                return true;

        return judge_deny(j, RULE_NONE, "exec-container-differs",
                          "the container in the body is not that of the path:", v->string);
}
