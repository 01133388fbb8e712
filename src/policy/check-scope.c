/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [scope] where a body names objects, or makes some. Trusts policy/scope, which judges names and
 * what the engine said of them; refuses what it refuses, with the pointer of the value at hand.
 */
#include "policy/check-parts.h"

#include "policy/scope.h"
#include "util/glob.h"

#define SCOPE_PROJECT_LABEL "com.docker.compose.project"

/* The body is gone when the engine is asked: the name goes with the notes. */
static bool check_scope_ask(Judge *j, Decision d) {
        JudgeNotes *notes = j->facts->notes;

        if (!notes || d.subject.len > sizeof(notes->value))
                return judge_deny(j, RULE_NONE, "scope",
                                  "the engine can't be asked about:", d.subject);

        memcpy(notes->value, d.subject.data, d.subject.len);
        d.subject.data = notes->value;
        j->decision = d;
        j->is_denied = true;
        return false;
}

bool check_scope_object(Judge *j, ObjectKind kind, Bytes name) {
        Decision d = scope_decide_object(j->policy, j->facts, kind, name);

        switch (d.verdict) {
        case VERDICT_ALLOW:
                return true;
        case VERDICT_RESOLVE:
                return check_scope_ask(j, d);
        case VERDICT_DENY:
        case VERDICT_INSPECT:
                break;
        }

        (void) judge_deny(j, RULE_NONE, d.reason, d.text, name);
        j->decision.status = d.status;
        j->decision.is_final = d.is_final;
        j->decision.place = d.place;
        return false;
}

bool check_scope_has_project(const Judge *j, const BodyValue *labels) {
        const Words *projects = &j->policy->scope_projects;
        BodyValue label;

        if (!body_find(labels, SCOPE_PROJECT_LABEL, &label) || label.type != BODY_STRING)
                return false;
        for (size_t i = 0; i < projects->n; i++)
                if (glob_match(projects->items[i].text, label.string))
                        return true;

        return false;
}

bool check_scope_project(Judge *j, const BodyValue *labels) {
        const Words *projects = &j->policy->scope_projects;

        if (!j->policy->has_scope_projects || check_scope_has_project(j, labels))
                return true;

        (void) judge_deny(j, RULE_NONE, "scope-project",
                          "under [scope] projects what is created must carry the label "
                          "com.docker.compose.project of one of them",
                          BYTES_NONE);
        if (projects->n > 0)
                j->decision.place = projects->items[0].place;
        return false;
}
