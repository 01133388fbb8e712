/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Docker Engine API from 1.24 on, route by route: who may have it (level, section), what its
 * body is, which judge reads it, which query keys it knows and what their values may be. A key that
 * is not here is unknown; a route that is not here does not exist. Within a group a literal stands
 * before a slot that could hold it; image.pull stands before image.import, which shares its route.
 *
 * Rows of level NEVER can't be granted. Of method OTHER they can't even be matched: they stand here
 * so that the table is the whole API.
 */
#include "docker/endpoint-table.h"

/* clang-format off */

static const QueryKey container_list[] = {
        ANY("all"), ANY("limit"), ANY("size"), ANY("filters"), ANY("since"), ANY("before"),
        ANY("trunc_cmd"),
        END,
};

static const QueryKey container_create[] = {
        NAME("name"), ANY("platform"),
        END,
};

static const QueryKey container_logs[] = {
        ANY("follow"), ANY("stdout"), ANY("stderr"), ANY("since"), ANY("until"), ANY("timestamps"),
        ANY("tail"), ANY("details"), WORDS("format", "|json"),
        END,
};

static const QueryKey container_attach_ws[] = {
        ANY("logs"), ANY("stream"), ANY("stdin"), ANY("stdout"), ANY("stderr"), ANY("detachKeys"),
        END,
};

static const QueryKey container_archive_write[] = {
        JUDGED("path"), ANY("noOverwriteDirNonDir"), ANY("copyUIDGID"),
        END,
};

static const QueryKey container_start[] = {
        ANY("detachKeys"), ZERO("checkpoint"), ZERO("checkpoint-dir"),
        END,
};

static const QueryKey container_wait[] = {
        WORDS("condition", "|not-running|next-exit|removed"),
        END,
};

static const QueryKey container_attach[] = {
        ANY("logs"), ANY("stream"), ANY("stdin"), ANY("stdout"), ANY("stderr"), ANY("detachKeys"),
        ANY("hijack"),
        END,
};

static const QueryKey image_list[] = {
        ANY("all"), ANY("filters"), ANY("filter"), ANY("digests"), ANY("shared-size"),
        ANY("manifests"), ANY("identity"), ANY("only_ids"),
        END,
};

static const QueryKey image_pull[] = {
        JUDGED("fromImage"), JUDGED("tag"), ANY("platform"), ZERO("authconfig"), ZERO("fromSrc"),
        ZERO("repo"), ZERO("message"), ZERO_LIST("changes"),
        END,
};

static const QueryKey image_import[] = {
        ZERO("fromImage"), ANY("fromSrc"), ANY("repo"), ANY("tag"), ANY("message"),
        LIST("changes"), ANY("platform"),
        END,
};

static const QueryKey service_update[] = {
        INT("version", 0, 0), WORDS("registryAuthFrom", "|spec|previous-spec"), ZERO("rollback"),
        END,
};

static const QueryKey service_logs[] = {
        ANY("follow"), ANY("stdout"), ANY("stderr"), ANY("since"), ANY("timestamps"), ANY("tail"),
        ANY("details"),
        END,
};

static const QueryKey task_logs[] = {
        ANY("follow"), ANY("stdout"), ANY("stderr"), ANY("since"), ANY("timestamps"), ANY("tail"),
        ANY("details"),
        END,
};

static const QueryKey swarm_update[] = {
        INT("version", 0, 0), ANY("rotateWorkerToken"), ANY("rotateManagerToken"),
        ANY("rotateManagerUnlockKey"),
        END,
};

static const QueryKey build_image[] = {
        LIST("t"), FILE_BELOW("dockerfile"), ANY("rm"), ANY("forcerm"), ANY("nocache"), ANY("pull"),
        ANY("q"), ANY("labels"), ANY("buildargs"), JUDGED_BUT("networkmode", "|default"),
        JUDGED("remote"), JUDGED_LIST("extrahosts"), JUDGED("cachefrom"), JUDGED("target"),
        JUDGED("platform"), JUDGED("squash"), JUDGED("memory"), JUDGED("memswap"),
        JUDGED("cpushares"), JUDGED("cpuperiod"), JUDGED("cpuquota"), JUDGED("cpusetcpus"),
        JUDGED("cpusetmems"), JUDGED("cgroupparent"), JUDGED("shmsize"), JUDGED("ulimits"),
        JUDGED("isolation"), JUDGED_LIST("securityopt"), SESSION_BUT("version", "|1"),
        SESSION("session"), SESSION("outputs"), JUDGED("buildid"),
        END,
};

static const QueryKey build_prune[] = {
        ANY("all"), ANY("filters"), ANY("keep-storage"), ANY("reserved-space"),
        ANY("max-used-space"), ANY("min-free-space"),
        END,
};

static const QueryKey container_commit[] = {
        ID("container"), ANY("repo"), ANY("tag"), ANY("author"), ANY("comment"), LIST("changes"),
        ANY("pause"),
        END,
};

static const Endpoint containers_rows[] = {
        { "container.list",           READ,  GET,    P("/containers/json"), "CONTAINERS",
          .query = container_list },
        { "container.create",         WRITE, POST,   P("/containers/create"), "CONTAINERS",
          .body = JSON, .judge = JUDGE_CONTAINER_CREATE, .query = container_create },
        { "container.prune",          WRITE, POST,   P("/containers/prune"), "CONTAINERS",
          .query = KEYS(ANY("filters")) },
        { "container.inspect",        READ,  GET,    P("/containers/{container}/json"),
          "CONTAINERS", .query = KEYS(ANY("size")) },
        { "container.top",            READ,  GET,    P("/containers/{container}/top"),
          "CONTAINERS", .query = KEYS(PS_ARGS("ps_args")) },
        { "container.logs",           READ,  GET,    P("/containers/{container}/logs"),
          "CONTAINERS", .kind = STREAM, .query = container_logs },
        { "container.changes",        READ,  GET,    P("/containers/{container}/changes"),
          "CONTAINERS" },
        { "container.export",         FULL,  GET,    P("/containers/{container}/export"),
          "CONTAINERS", .kind = STREAM },
        { "container.stats",          READ,  GET,    P("/containers/{container}/stats"),
          "CONTAINERS", .kind = STREAM, .query = KEYS(ANY("stream"), ANY("one-shot")) },
        { "container.attach-ws",      NEVER, GET,    P("/containers/{container}/attach/ws"),
          "CONTAINERS", .query = container_attach_ws },
        { "container.archive-read",   FULL,  GET,    P("/containers/{container}/archive"),
          "CONTAINERS", .kind = STREAM, .judge = JUDGE_ARCHIVE, .query = KEYS(JUDGED("path")) },
        { "container.archive-stat",   READ,  HEAD,   P("/containers/{container}/archive"),
          "CONTAINERS", .judge = JUDGE_ARCHIVE, .query = KEYS(JUDGED("path")) },
        { "container.archive-write",  FULL,  PUT,    P("/containers/{container}/archive"),
          "CONTAINERS", .kind = STREAM, .body = TAR, .judge = JUDGE_ARCHIVE,
          .query = container_archive_write },
        { "container.start",          WRITE, POST,   P("/containers/{container}/start"),
          "CONTAINERS", .query = container_start },
        { "container.stop",           WRITE, POST,   P("/containers/{container}/stop"),
          "CONTAINERS", .query = KEYS(INT("t", -1, 0), ANY("signal")) },
        { "container.restart",        WRITE, POST,   P("/containers/{container}/restart"),
          "CONTAINERS", .query = KEYS(INT("t", -1, 0), ANY("signal")) },
        { "container.kill",           WRITE, POST,   P("/containers/{container}/kill"),
          "CONTAINERS", .query = KEYS(ANY("signal")) },
        { "container.pause",          WRITE, POST,   P("/containers/{container}/pause"),
          "CONTAINERS" },
        { "container.unpause",        WRITE, POST,   P("/containers/{container}/unpause"),
          "CONTAINERS" },
        { "container.wait",           WRITE, POST,   P("/containers/{container}/wait"),
          "CONTAINERS", .kind = STREAM, .query = container_wait },
        { "container.resize",         WRITE, POST,   P("/containers/{container}/resize"),
          "CONTAINERS", .query = KEYS(INT("h", 0, 65535), INT("w", 0, 65535)) },
        { "container.attach",         FULL,  POST,   P("/containers/{container}/attach"),
          "CONTAINERS", .kind = HIJACK, .hijack = ATTACH, .query = container_attach },
        { "exec.create",              WRITE, POST,   P("/containers/{container}/exec"), "EXEC",
          .body = JSON, .judge = JUDGE_EXEC_CREATE },
        { "container.rename",         WRITE, POST,   P("/containers/{container}/rename"),
          "CONTAINERS", .query = KEYS(NAME("name")) },
        { "container.update",         WRITE, POST,   P("/containers/{container}/update"),
          "CONTAINERS", .body = JSON, .judge = JUDGE_CONTAINER_UPDATE },
        { "container.copy",           NEVER, POST,   P("/containers/{container}/copy"),
          "CONTAINERS", .kind = STREAM, .body = JSON },
        { "container.remove",         WRITE, DELETE, P("/containers/{container}"), "CONTAINERS",
          .query = KEYS(ANY("v"), ANY("link"), ANY("force")) },
        { "container.checkpoint-create", FULL, POST, P("/containers/{container}/checkpoints"),
          "CONTAINERS", .body = JSON, .min_minor = 25 },
        { "container.checkpoint-list", FULL, GET, P("/containers/{container}/checkpoints"),
          "CONTAINERS", .min_minor = 25, .query = KEYS(ZERO("dir")) },
        { "container.checkpoint-remove", FULL, DELETE,
          P("/containers/{container}/checkpoints/{checkpoint}"), "CONTAINERS",
          .min_minor = 25, .query = KEYS(ZERO("dir")) },
};

static const Endpoint images_rows[] = {
        { "image.list",         READ,  GET,    P("/images/json"), "IMAGES", .query = image_list },
        { "image.search",       FULL,  GET,    P("/images/search"), "IMAGES",
          .query = KEYS(ANY("term"), ANY("limit"), ANY("filters")) },
        { "image.save",         FULL,  GET,    P("/images/get"), "IMAGES",
          .kind = STREAM, .query = KEYS(LIST("names"), LIST("platform")) },
        { "image.save",         FULL,  GET,    P("/images/{image}/get"), "IMAGES",
          .kind = STREAM, .query = KEYS(LIST("names"), LIST("platform")) },
        { "image.history",      READ,  GET,    P("/images/{image}/history"), "IMAGES",
          .query = KEYS(ANY("platform")) },
        { "image.inspect",      READ,  GET,    P("/images/{image}/json"), "IMAGES",
          .query = KEYS(ANY("manifests"), ANY("platform")) },
        { "image.attestations", READ,  GET,    P("/images/{image}/attestations"), "IMAGES",
          .min_minor = 55, .query = KEYS(LIST("platform"), LIST("type"), ANY("statement")) },
        { "image.load",         FULL,  POST,   P("/images/load"), "IMAGES",
          .kind = STREAM, .body = TAR, .query = KEYS(ANY("quiet"), LIST("platform")) },
        { "image.pull",         WRITE, POST,   P("/images/create"), "IMAGES",
          .kind = STREAM, .judge = JUDGE_IMAGE_PULL, .query = image_pull },
        { "image.import",       FULL,  POST,   P("/images/create"), "IMAGES",
          .kind = STREAM, .body = RAW, .query = image_import },
        { "image.push",         WRITE, POST,   P("/images/{image}/push"), "IMAGES",
          .kind = STREAM, .body = JSON, .judge = JUDGE_IMAGE_NAME, .query = KEYS(ANY("tag"), ANY("platform")) },
        { "image.tag",          WRITE, POST,   P("/images/{image}/tag"), "IMAGES",
          .judge = JUDGE_IMAGE_NAME, .query = KEYS(ANY("repo"), ANY("tag"), ANY("force")) },
        { "image.prune",        WRITE, POST,   P("/images/prune"), "IMAGES",
          .query = KEYS(ANY("filters")) },
        { "image.remove",       WRITE, DELETE, P("/images/{image}"), "IMAGES",
          .judge = JUDGE_IMAGE_NAME,
          .query = KEYS(ANY("force"), ANY("noprune"), LIST("platforms")) },
        { "image.insert",       NEVER, POST,   P("/images/{image}/insert"), "IMAGES" },
};

static const Endpoint networks_rows[] = {
        { "network.list",       READ,  GET,    P("/networks"), "NETWORKS",
          .query = KEYS(ANY("filters")) },
        { "network.list",       READ,  GET,    P("/networks/"), "NETWORKS",
          .query = KEYS(ANY("filters")) },
        { "network.inspect",    READ,  GET,    P("/networks/{network}"), "NETWORKS",
          .query = KEYS(ANY("verbose"), ANY("scope")) },
        { "network.create",     WRITE, POST,   P("/networks/create"), "NETWORKS",
          .body = JSON, .judge = JUDGE_NETWORK_CREATE },
        { "network.connect",    WRITE, POST,   P("/networks/{network}/connect"), "NETWORKS",
          .body = JSON, .judge = JUDGE_NETWORK_CONNECT },
        { "network.disconnect", WRITE, POST,   P("/networks/{network}/disconnect"), "NETWORKS",
          .body = JSON, .judge = JUDGE_NETWORK_CONNECT },
        { "network.prune",      WRITE, POST,   P("/networks/prune"), "NETWORKS",
          .query = KEYS(ANY("filters")) },
        { "network.remove",     WRITE, DELETE, P("/networks/{network}"), "NETWORKS" },
};

static const Endpoint volumes_rows[] = {
        { "volume.list",    READ,  GET,    P("/volumes"), "VOLUMES",
          .query = KEYS(ANY("filters")) },
        { "volume.inspect", READ,  GET,    P("/volumes/{volume}"), "VOLUMES" },
        { "volume.create",  WRITE, POST,   P("/volumes/create"), "VOLUMES",
          .body = JSON, .judge = JUDGE_VOLUME_CREATE },
        { "volume.prune",   WRITE, POST,   P("/volumes/prune"), "VOLUMES",
          .query = KEYS(ANY("filters")) },
        { "volume.update",  WRITE, PUT,    P("/volumes/{volume}"), "VOLUMES",
          .body = JSON, .judge = JUDGE_VOLUME_CREATE, .min_minor = 42,
          .query = KEYS(INT("version", 0, 0)) },
        { "volume.remove",  WRITE, DELETE, P("/volumes/{volume}"), "VOLUMES",
          .query = KEYS(ANY("force")) },
};

static const Endpoint exec_rows[] = {
        { "exec.inspect", READ,  GET,    P("/exec/{exec}/json"), "EXEC",
          .judge = JUDGE_EXEC_SESSION },
        { "exec.start",   WRITE, POST,   P("/exec/{exec}/start"), "EXEC",
          .kind = HIJACK, .body = JSON, .hijack = EXEC_START, .judge = JUDGE_EXEC_SESSION },
        { "exec.resize",  WRITE, POST,   P("/exec/{exec}/resize"), "EXEC",
          .judge = JUDGE_EXEC_SESSION, .query = KEYS(INT("h", 0, 65535), INT("w", 0, 65535)) },
};

static const Endpoint services_rows[] = {
        { "service.list",    READ,  GET,    P("/services"), "SERVICES",
          .query = KEYS(ANY("filters"), ANY("status")) },
        { "service.inspect", READ,  GET,    P("/services/{other}"), "SERVICES",
          .query = KEYS(ANY("insertDefaults")) },
        { "service.create",  WRITE, POST,   P("/services/create"), "SERVICES",
          .body = JSON, .judge = JUDGE_SERVICE_CREATE },
        { "service.update",  WRITE, POST,   P("/services/{other}/update"), "SERVICES",
          .body = JSON, .judge = JUDGE_SERVICE_CREATE, .query = service_update },
        { "service.remove",  WRITE, DELETE, P("/services/{other}"), "SERVICES" },
        { "service.logs",    READ,  GET,    P("/services/{other}/logs"), "SERVICES",
          .kind = STREAM, .query = service_logs },
};

static const Endpoint tasks_rows[] = {
        { "task.list",    READ,  GET,    P("/tasks"), "TASKS", .query = KEYS(ANY("filters")) },
        { "task.inspect", READ,  GET,    P("/tasks/{other}"), "TASKS" },
        { "task.logs",    READ,  GET,    P("/tasks/{other}/logs"), "TASKS",
          .kind = STREAM, .min_minor = 29, .query = task_logs },
};

static const Endpoint nodes_rows[] = {
        { "node.list",    READ,  GET,    P("/nodes"), "NODES", .query = KEYS(ANY("filters")) },
        { "node.inspect", READ,  GET,    P("/nodes/{other}"), "NODES" },
        { "node.remove",  FULL,  DELETE, P("/nodes/{other}"), "NODES",
          .query = KEYS(ANY("force")) },
        { "node.update",  FULL,  POST,   P("/nodes/{other}/update"), "NODES",
          .body = JSON, .query = KEYS(INT("version", 0, 0)) },
};

static const Endpoint secrets_rows[] = {
        { "secret.list",    FULL,  GET,    P("/secrets"), "SECRETS",
          .query = KEYS(ANY("filters")) },
        { "secret.inspect", FULL,  GET,    P("/secrets/{other}"), "SECRETS" },
        { "secret.create",  FULL,  POST,   P("/secrets/create"), "SECRETS", .body = JSON },
        { "secret.update",  FULL,  POST,   P("/secrets/{other}/update"), "SECRETS",
          .body = JSON, .min_minor = 26, .query = KEYS(INT("version", 0, 0)) },
        { "secret.remove",  FULL,  DELETE, P("/secrets/{other}"), "SECRETS" },
};

static const Endpoint configs_rows[] = {
        { "config.list",    FULL,  GET,    P("/configs"), "CONFIGS",
          .min_minor = 30, .query = KEYS(ANY("filters")) },
        { "config.inspect", FULL,  GET,    P("/configs/{other}"), "CONFIGS", .min_minor = 30 },
        { "config.create",  FULL,  POST,   P("/configs/create"), "CONFIGS",
          .body = JSON, .min_minor = 30 },
        { "config.update",  FULL,  POST,   P("/configs/{other}/update"), "CONFIGS",
          .body = JSON, .min_minor = 30, .query = KEYS(INT("version", 0, 0)) },
        { "config.remove",  FULL,  DELETE, P("/configs/{other}"), "CONFIGS", .min_minor = 30 },
};

static const Endpoint swarm_rows[] = {
        { "swarm.inspect",   FULL,  GET,    P("/swarm"), "SWARM" },
        { "swarm.unlockkey", FULL,  GET,    P("/swarm/unlockkey"), "SWARM" },
        { "swarm.init",      FULL,  POST,   P("/swarm/init"), "SWARM", .body = JSON },
        { "swarm.join",      FULL,  POST,   P("/swarm/join"), "SWARM", .body = JSON },
        { "swarm.leave",     FULL,  POST,   P("/swarm/leave"), "SWARM",
          .query = KEYS(ANY("force")) },
        { "swarm.update",    FULL,  POST,   P("/swarm/update"), "SWARM",
          .body = JSON, .query = swarm_update },
        { "swarm.unlock",    FULL,  POST,   P("/swarm/unlock"), "SWARM", .body = JSON },
};

static const Endpoint plugins_rows[] = {
        { "plugin.list",       FULL,  GET,    P("/plugins"), "PLUGINS",
          .query = KEYS(ANY("filters")) },
        { "plugin.inspect",    FULL,  GET,    P("/plugins/{plugin}/json"), "PLUGINS" },
        { "plugin.privileges", FULL,  GET,    P("/plugins/privileges"), "PLUGINS",
          .query = KEYS(ANY("remote"), ANY("name")) },
        { "plugin.remove",     FULL,  DELETE, P("/plugins/{plugin}"), "PLUGINS",
          .query = KEYS(ANY("force")) },
        { "plugin.enable",     FULL,  POST,   P("/plugins/{plugin}/enable"), "PLUGINS",
          .query = KEYS(ANY("timeout")) },
        { "plugin.disable",    FULL,  POST,   P("/plugins/{plugin}/disable"), "PLUGINS",
          .query = KEYS(ANY("force")) },
        { "plugin.push",       FULL,  POST,   P("/plugins/{plugin}/push"), "PLUGINS",
          .kind = STREAM },
        { "plugin.set",        FULL,  POST,   P("/plugins/{plugin}/set"), "PLUGINS",
          .body = JSON },
        { "plugin.upgrade",    FULL,  POST,   P("/plugins/{plugin}/upgrade"), "PLUGINS",
          .kind = STREAM, .body = JSON, .min_minor = 26, .query = KEYS(ANY("remote")) },
        { "plugin.pull",       FULL,  POST,   P("/plugins/pull"), "PLUGINS",
          .kind = STREAM, .body = JSON, .query = KEYS(ANY("remote"), ANY("name")) },
        { "plugin.create",     FULL,  POST,   P("/plugins/create"), "PLUGINS",
          .kind = STREAM, .body = TAR, .query = KEYS(ANY("name")) },
};

static const Endpoint distribution_rows[] = {
        { "distribution.inspect", FULL,  GET,    P("/distribution/{image}/json"), "DISTRIBUTION",
          .min_minor = 30 },
};

static const Endpoint build_rows[] = {
        { "build.image",  FULL,  POST,   P("/build"), "BUILD",
          .kind = STREAM, .body = TAR, .judge = JUDGE_BUILD, .query = build_image },
        { "build.prune",  WRITE, POST,   P("/build/prune"), "BUILD",
          .min_minor = 31, .query = build_prune },
        { "build.cancel", WRITE, POST,   P("/build/cancel"), "BUILD",
          .min_minor = 39, .query = KEYS(ANY("id")) },
};

static const Endpoint debug_rows[] = {
        { "debug.vars",          NEVER, GET,    P("/debug/vars"), "" },
        { "debug.pprof",         NEVER, GET,    P("/debug/pprof/"), "" },
        { "debug.cmdline",       NEVER, GET,    P("/debug/pprof/cmdline"), "" },
        { "debug.profile",       NEVER, GET,    P("/debug/pprof/profile"), "", .kind = STREAM },
        { "debug.symbol",        NEVER, GET,    P("/debug/pprof/symbol"), "" },
        { "debug.trace",         NEVER, GET,    P("/debug/pprof/trace"), "", .kind = STREAM },
        { "debug.pprof-profile", NEVER, GET,    P("/debug/pprof/{other}"), "" },
};

static const Endpoint other_rows[] = {
        { "options",             NEVER, OTHER,  P("/{other}"), "" },
        { "system.ping",         READ,  GET,    P("/_ping"), "PING" },
        { "system.ping",         READ,  HEAD,   P("/_ping"), "PING", .min_minor = 40 },
        { "system.events",       READ,  GET,    P("/events"), "EVENTS",
          .kind = STREAM, .query = KEYS(ANY("since"), ANY("until"), ANY("filters")) },
        { "system.info",         READ,  GET,    P("/info"), "INFO" },
        { "system.version",      READ,  GET,    P("/version"), "VERSION" },
        { "system.df",           READ,  GET,    P("/system/df"), "SYSTEM",
          .query = KEYS(LIST("type"), ANY("verbose")) },
        { "system.auth",         FULL,  POST,   P("/auth"), "AUTH", .body = JSON },
        { "container.commit",    FULL,  POST,   P("/commit"), "COMMIT",
          .body = JSON, .query = container_commit },
        { "build.session",       FULL,  POST,   P("/session"), "SESSION",
          .kind = H2C, .hijack = HIJACK_H2C, .min_minor = 31 },
        { "build.grpc",          FULL,  POST,   P("/grpc"), "GRPC",
          .kind = H2C, .hijack = HIJACK_H2C, .min_minor = 39 },
        { "build.grpc-prior",    NEVER, OTHER,
          P("(HTTP/2 prior knowledge, Content-Type: application/grpc)"), "" },
        { "debug.metrics",       NEVER, GET,    P("/metrics"), "" },
        { "system.auth-inspect", NEVER, GET,    P("/auth"), "AUTH" },
};

const EndpointGroup endpoint_docker_groups[] = {
        GROUP("containers", containers_rows),
        GROUP("images", images_rows),
        GROUP("networks", networks_rows),
        GROUP("volumes", volumes_rows),
        GROUP("exec", exec_rows),
        GROUP("services", services_rows),
        GROUP("tasks", tasks_rows),
        GROUP("nodes", nodes_rows),
        GROUP("secrets", secrets_rows),
        GROUP("configs", configs_rows),
        GROUP("swarm", swarm_rows),
        GROUP("plugins", plugins_rows),
        GROUP("distribution", distribution_rows),
        GROUP("build", build_rows),
        GROUP("debug", debug_rows),
        GROUP("", other_rows),
        { 0 },
};

/* clang-format on */
