/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that are not written yet deny: each weak one gives way to the real one and is deleted with
 * it.
 */
#include "policy/checks.h"

#include "policy/judge.h"

#define FIELD_STUB(name)                                                                           \
        __attribute__((weak)) bool name(Judge *j, const Field *f, const BodyValue *v) {            \
                (void) v;                                                                          \
                return judge_deny(j, f->key, "not-judged-yet", "this member can't be judged yet",  \
                                  BYTES_NONE);                                                     \
        }

#define SCHEMA_STUB(name)                                                                          \
        __attribute__((weak)) bool name(Judge *j, const Schema *s, const BodyValue *object) {      \
                (void) s;                                                                          \
                (void) object;                                                                     \
                return judge_deny(j, RULE_NONE, "not-judged-yet",                                  \
                                  "this object can't be judged yet", BYTES_NONE);                  \
        }

/* clang-format off */
FIELD_STUB(check_update_number)
FIELD_STUB(check_update_cpuset)
FIELD_STUB(check_update_restart)
FIELD_STUB(check_exec_user)
FIELD_STUB(check_exec_privileged)
FIELD_STUB(check_exec_env)
FIELD_STUB(check_exec_working_dir)
FIELD_STUB(check_exec_command)
FIELD_STUB(check_exec_container)
FIELD_STUB(check_network_name)
FIELD_STUB(check_network_driver)
FIELD_STUB(check_network_options)
FIELD_STUB(check_network_subnet)
FIELD_STUB(check_network_addresses)
FIELD_STUB(check_connect_container)
SCHEMA_STUB(check_network_create)
SCHEMA_STUB(check_network_connect)
FIELD_STUB(check_volume_name)
FIELD_STUB(check_volume_driver)
FIELD_STUB(check_volume_options)
SCHEMA_STUB(check_volume_create)
FIELD_STUB(check_service_secret)
FIELD_STUB(check_service_config)
FIELD_STUB(check_service_network)
FIELD_STUB(check_service_restart)
FIELD_STUB(check_generic_resources)
SCHEMA_STUB(check_service_log_driver)
SCHEMA_STUB(check_service_port)
SCHEMA_STUB(check_service_create)
/* clang-format on */
