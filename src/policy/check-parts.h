/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several files of checks share. Inner header of policy/check-*: a false here means that the
 * value at hand was refused, or that the engine has to be asked first.
 */
#pragma once

#include "policy/judge.h"

/* check-scope.c: an object that a body names must be in [scope]. May want the engine's word. */
bool check_scope_object(Judge *j, ObjectKind kind, Bytes name);

/* Do these labels name one of [scope] projects? Labels may be null. */
bool check_scope_has_project(const Judge *j, const BodyValue *labels);

/* Under [scope] projects what is created carries the label of one of them. Labels may be null. */
bool check_scope_project(Judge *j, const BodyValue *labels);

/* check-network.c: a network's name by the globs of that key (container.create's or
 * network.connect's). Ids, host, container: and the like never pass. */
bool check_network_word(Judge *j, RuleKey key, Bytes name);

/* check-confine.c: the container after "container:", by join-containers. */
bool check_join(Judge *j, Bytes container);

/* check-container.c: [container.create] require, of the members of a HostConfig. */
bool check_require(Judge *j, const BodyValue *host_config);

/* check-container.c: a log driver by log-drivers, with options that stay on this host. The members
 * are where a refusal points to. */
bool check_log(Judge *j, const char *driver_member, Bytes driver, const char *options_member,
               const BodyValue *options);

/* check-mounts.c: a path of the host that is mounted, by the bind roots. */
bool check_bind_source(Judge *j, Bytes source, bool is_read_only);

/* check-podman.c: with engine = podman, what it alone reads in a container.create. */
bool check_podman_create(Judge *j, const BodyValue *object);

/* The same of the variables of a container or a command: null or a list. */
bool check_podman_env(Judge *j, const BodyValue *env);

/* check-image.c: Podman runs the image "app" of any registry, when the host has one, for "app":
 * what judges it by its full name then needs words that name all images. */
bool check_image_is_ambiguous(const Policy *p, const Words *words, Bytes text);

/* check-mounts.c: null, false, 0, "", [] and {}. */
bool check_is_zero(const BodyValue *v);
