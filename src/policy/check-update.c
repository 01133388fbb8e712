/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.update: which limits of a running container may be set anew, and to what. Trusts that
 * types are right; refuses members that `fields` does not name, and values that lift a limit (0, -1
 * and other negative ones) unless unlimited = yes.
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "util/macros.h"

#define BLKIO_WEIGHT_MIN 10
#define BLKIO_WEIGHT_MAX 1000
#define RESTART_FIELD    "RestartPolicy"

static bool update_check_field(Judge *j, const char *field) {
        if (judge_has_word(j, RULE_UPDATE_FIELDS, field))
                return true;

        return judge_deny_word(j, RULE_UPDATE_FIELDS, field, "update-field-not-allowed",
                               "this member may not be updated", BYTES_NONE);
}

bool check_update_number(Judge *j, const Field *f, const BodyValue *v) {
        if (!update_check_field(j, f->name))
                return false;

        if (v->integer <= 0) {
                if (judge_is_yes(j, RULE_UPDATE_UNLIMITED))
                        return true;
                return judge_deny_word(j, RULE_UPDATE_UNLIMITED, "yes", "update-unlimited",
                                       "the number would lift a limit", BYTES_NONE);
        }
        if (strcmp(f->name, "BlkioWeight") == 0 &&
            (v->integer < BLKIO_WEIGHT_MIN || v->integer > BLKIO_WEIGHT_MAX))
                return judge_deny(j, RULE_NONE, "update-range",
                                  "a weight is a number from 10 to 1000", BYTES_NONE);

        return true;
}

bool check_update_cpuset(Judge *j, const Field *f, const BodyValue *v) {
        if (!update_check_field(j, f->name))
                return false;

        for (size_t i = 0; i < v->string.len; i++)
                if (!memchr("0123456789,-", v->string.data[i], strlen("0123456789,-")))
                        return judge_deny(j, RULE_NONE, "update-cpuset",
                                          "no list of numbers:", v->string);

        return true;
}

/* Name, and the count that goes with it. */
bool check_update_restart(Judge *j, const Field *f, const BodyValue *v) {
        if (!update_check_field(j, RESTART_FIELD))
                return false;

        return v->type != BODY_STRING || check_restart_policy(j, f, v);
}
