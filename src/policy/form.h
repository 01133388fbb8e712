/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a body: what encoding/json would make of it, or a reject (POLICY 6.2 to 6.5). It runs
 * over the whole body before anything is judged, so that what is malformed is a 400 whatever the
 * policy says, and so that no check has to ask for types.
 */
#pragma once

#include "policy/schema.h"

/* Unknown members of one object; more are refused. Clients send a handful, all of them zero. */
#define FORM_UNKNOWN_MAX 64

/* false: judge_reject() was called. */
bool form_check(Judge *j, const Schema *s, const BodyValue *object);
