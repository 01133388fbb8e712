/* SPDX-License-Identifier: Apache-2.0 */
/* Which bodies are judged, and by what. */
#pragma once

#include "policy/policy.h"
#include "policy/schema.h"

/* The schema that this policy has the operation's body judged by. NULL: none, or judge = no. */
const Schema *inspect_schema(const Policy *p, const Endpoint *endpoint);
