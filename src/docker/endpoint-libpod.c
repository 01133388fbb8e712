/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Podman's libpod API (4.3 to 5.4), route by route, as endpoint-table.c has the Docker API. None of
 * its bodies and queries are judged: a query key is known or it is not, and what has a body is
 * FULL. The keys are those that Podman's own handlers decode, in their spelling; Podman takes any
 * case. "scp" stands before the slots that could hold it, as Podman routes it.
 */
#include "docker/endpoint-table.h"

/* clang-format off */

static const QueryKey container_list[] = {
        ANY("all"), ANY("external"), ANY("filters"), ANY("last"), ANY("limit"), ANY("namespace"),
        ANY("pod"), ANY("size"), ANY("sync"),
        END,
};

static const QueryKey container_stats[] = {
        ANY("all"), LIST("containers"), ANY("interval"), ANY("stream"),
        END,
};

static const QueryKey container_remove[] = {
        ANY("depend"), ANY("force"), ANY("ignore"), ANY("link"), ANY("timeout"), ANY("v"),
        ANY("volumes"),
        END,
};

static const QueryKey container_archive_write[] = {
        ANY("copyUIDGID"), ANY("noOverwriteDirNonDir"), ANY("path"), ANY("pause"), ANY("rename"),
        END,
};

static const QueryKey container_attach[] = {
        ANY("detachKeys"), ANY("logs"), ANY("stderr"), ANY("stdin"), ANY("stdout"), ANY("stream"),
        END,
};

static const QueryKey container_checkpoint[] = {
        ANY("createImage"), ANY("export"), ANY("fileLocks"), ANY("ignoreRootFS"),
        ANY("ignoreVolumes"), ANY("keep"), ANY("leaveRunning"), ANY("preCheckpoint"),
        ANY("printStats"), ANY("tcpEstablished"), ANY("withPrevious"),
        END,
};

static const QueryKey container_logs[] = {
        ANY("follow"), ANY("since"), ANY("stderr"), ANY("stdout"), ANY("tail"), ANY("timestamps"),
        ANY("until"),
        END,
};

static const QueryKey container_restore[] = {
        ANY("fileLocks"), ANY("ignoreRootFS"), ANY("ignoreStaticIP"), ANY("ignoreStaticMAC"),
        ANY("ignoreVolumes"), ANY("import"), ANY("keep"), ANY("leaveRunning"), ANY("name"),
        ANY("pod"), ANY("printStats"), ANY("publishPorts"), ANY("tcpEstablished"),
        END,
};

static const QueryKey container_top[] = {
        ANY("delay"), PS_ARGS_LIST("ps_args"), ANY("stream"),
        END,
};

static const QueryKey container_update[] = {
        ANY("restartPolicy"), ANY("restartRetries"),
        END,
};

static const QueryKey image_save[] = {
        ANY("compress"), ANY("format"), ANY("ociAcceptUncompressedLayers"), LIST("references"),
        END,
};

static const QueryKey image_import[] = {
        ANY("Architecture"), LIST("changes"), ANY("message"), ANY("OS"), ANY("reference"),
        ANY("url"), ANY("Variant"),
        END,
};

static const QueryKey image_pull[] = {
        ANY("allTags"), ANY("Arch"), ANY("compatMode"), ANY("credentials"), ANY("OS"),
        ANY("policy"), ANY("quiet"), ANY("reference"), ANY("retry"), ANY("retrydelay"),
        ANY("tlsVerify"), ANY("Variant"),
        END,
};

static const QueryKey image_remove[] = {
        ANY("all"), ANY("force"), ANY("ignore"), LIST("images"), ANY("lookupManifest"),
        ANY("noprune"),
        END,
};

static const QueryKey image_search[] = {
        ANY("filters"), ANY("limit"), ANY("listTags"), ANY("term"), ANY("tlsVerify"),
        END,
};

static const QueryKey image_push[] = {
        ANY("all"), ANY("compressionFormat"), ANY("compressionLevel"), ANY("destination"),
        ANY("forceCompressionFormat"), ANY("format"), ANY("quiet"), ANY("removeSignatures"),
        ANY("retry"), ANY("retryDelay"), ANY("tlsVerify"),
        END,
};

static const QueryKey pod_stats[] = {
        ANY("all"), ANY("delay"), LIST("namesOrIDs"), ANY("stream"),
        END,
};

static const QueryKey secret_create[] = {
        ANY("driver"), ANY("driveropts"), ANY("labels"), ANY("name"), ANY("replace"),
        END,
};

static const QueryKey kube_generate[] = {
        LIST("names"), ANY("noTrunc"), ANY("podmanOnly"), ANY("replicas"), ANY("service"),
        ANY("type"),
        END,
};

static const QueryKey generate_systemd[] = {
        LIST("additionalEnvVariables"), LIST("after"), ANY("containerPrefix"), ANY("new"),
        ANY("noHeader"), ANY("podPrefix"), LIST("requires"), ANY("restartPolicy"),
        ANY("restartSec"), ANY("separator"), ANY("startTimeout"), ANY("stopTimeout"),
        ANY("templateUnitFile"), ANY("useName"), LIST("wants"),
        END,
};

static const QueryKey kube_apply[] = {
        ANY("caCertFile"), ANY("file"), ANY("kubeConfig"), ANY("namespace"), ANY("service"),
        END,
};

static const QueryKey kube_play[] = {
        ANY("annotations"), ANY("build"), ANY("logDriver"), LIST("logOptions"), LIST("network"),
        ANY("noHostname"), ANY("noHosts"), ANY("noTrunc"), ANY("publishAllPorts"),
        LIST("publishPorts"), ANY("replace"), ANY("serviceContainer"), ANY("start"),
        LIST("staticIPs"), LIST("staticMACs"), ANY("tlsVerify"), ANY("userns"), ANY("wait"),
        END,
};

static const QueryKey system_check[] = {
        ANY("quick"), ANY("repair"), ANY("repair_lossy"), ANY("unreferenced_layer_max_age"),
        END,
};

static const QueryKey system_prune[] = {
        ANY("all"), ANY("build"), ANY("external"), ANY("filters"), ANY("volumes"),
        END,
};

/* LIST is what Podman reads into a list: `podman build --platform A,B` repeats that key. */
static const QueryKey build_image[] = {
        ANY("addcaps"), ANY("additionalbuildcontexts"), ANY("allplatforms"), ANY("annotations"),
        ANY("apparmor"), ANY("buildargs"), ANY("cachefrom"), ANY("cacheto"), ANY("cachettl"),
        ANY("cgroupparent"), ANY("compatvolumes"), ANY("compression"), ANY("cppflags"),
        ANY("cpuperiod"), ANY("cpuquota"), ANY("cpusetcpus"), ANY("cpusetmems"), ANY("cpushares"),
        ANY("devices"), ANY("dnsoptions"), ANY("dnssearch"), ANY("dnsservers"), ANY("dockerfile"),
        ANY("dropcaps"), ANY("excludes"), ANY("extrahosts"), ANY("forcerm"), ANY("from"),
        LIST("groupadd"), ANY("httpproxy"), ANY("identitylabel"), ANY("idmappingoptions"),
        ANY("ignore"), ANY("isolation"), ANY("jobs"), ANY("labelopts"), ANY("labels"),
        LIST("layerLabel"), ANY("layers"), ANY("manifest"), ANY("memory"), ANY("memswap"),
        ANY("networkmode"), ANY("nocache"), ANY("nohosts"), ANY("nsoptions"), ANY("omithistory"),
        LIST("osfeature"), ANY("osversion"), ANY("outputformat"), ANY("outputs"), LIST("platform"),
        ANY("pull"), ANY("pullpolicy"), ANY("q"), ANY("registry"), ANY("remote"), ANY("retry"),
        ANY("retry-delay"), ANY("rm"), ANY("rusage"), ANY("rusagelogfile"), ANY("seccomp"),
        ANY("secrets"), ANY("securityopt"), LIST("setenv"), ANY("shmsize"),
        ANY("skipunusedstages"), ANY("squash"), LIST("t"), ANY("target"), ANY("timestamp"),
        ANY("tlsVerify"), ANY("ulimits"), LIST("unsetenv"), LIST("unsetlabel"), LIST("volume"),
        END,
};

static const QueryKey container_commit[] = {
        ANY("author"), LIST("changes"), ANY("comment"), ANY("container"), ANY("format"),
        ANY("pause"), ANY("repo"), ANY("squash"), ANY("stream"), ANY("tag"),
        END,
};

static const QueryKey system_events[] = {
        ANY("filters"), ANY("since"), ANY("stream"), ANY("until"),
        END,
};

static const Endpoint containers_rows[] = {
        { "libpod.container.create",  FULL,  POST,   L("/containers/create"), "LIBPOD_CONTAINERS",
          .body = JSON },
        { "libpod.container.list",    READ,  GET,    L("/containers/json"), "LIBPOD_CONTAINERS",
          .query = container_list },
        { "libpod.container.prune",   WRITE, POST,   L("/containers/prune"), "LIBPOD_CONTAINERS",
          .query = KEYS(ANY("filters")) },
        { "libpod.container.show-mounted", READ,  GET,    L("/containers/showmounted"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.stats",   READ,  GET,    L("/containers/stats"), "LIBPOD_CONTAINERS",
          .kind = STREAM, .query = container_stats },
        { "libpod.container.healthcheck", WRITE, GET,    L("/containers/{container}/healthcheck"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.remove",  WRITE, DELETE, L("/containers/{container}"),
          "LIBPOD_CONTAINERS", .query = container_remove },
        { "libpod.container.archive-read", FULL,  GET,    L("/containers/{container}/archive"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = KEYS(ANY("path"), ANY("rename")) },
        { "libpod.container.archive-stat", READ,  HEAD,   L("/containers/{container}/archive"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("path")) },
        { "libpod.container.archive-write", FULL,  PUT,    L("/containers/{container}/archive"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .body = TAR, .query = container_archive_write },
        { "libpod.container.attach",  FULL,  POST,   L("/containers/{container}/attach"),
          "LIBPOD_CONTAINERS", .kind = HIJACK, .hijack = ATTACH, .query = container_attach },
        { "libpod.container.changes", READ,  GET,    L("/containers/{container}/changes"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("diffType"), ANY("parent")) },
        { "libpod.container.checkpoint", FULL,  POST,   L("/containers/{container}/checkpoint"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = container_checkpoint },
        { "libpod.exec.create",       FULL,  POST,   L("/containers/{container}/exec"),
          "LIBPOD_CONTAINERS", .body = JSON },
        { "libpod.container.exists",  READ,  GET,    L("/containers/{container}/exists"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("external")) },
        { "libpod.container.export",  FULL,  GET,    L("/containers/{container}/export"),
          "LIBPOD_CONTAINERS", .kind = STREAM },
        { "libpod.container.init",    FULL,  POST,   L("/containers/{container}/init"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.inspect", READ,  GET,    L("/containers/{container}/json"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("size")) },
        { "libpod.container.kill",    WRITE, POST,   L("/containers/{container}/kill"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("signal")) },
        { "libpod.container.logs",    READ,  GET,    L("/containers/{container}/logs"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = container_logs },
        { "libpod.container.mount",   FULL,  POST,   L("/containers/{container}/mount"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.pause",   WRITE, POST,   L("/containers/{container}/pause"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.rename",  WRITE, POST,   L("/containers/{container}/rename"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("name")) },
        { "libpod.container.resize",  WRITE, POST,   L("/containers/{container}/resize"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("h"), ANY("running"), ANY("w")) },
        { "libpod.container.restart", WRITE, POST,   L("/containers/{container}/restart"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("all"), ANY("t"), ANY("timeout")) },
        { "libpod.container.restore", FULL,  POST,   L("/containers/{container}/restore"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .body = TAR, .query = container_restore },
        { "libpod.container.start",   WRITE, POST,   L("/containers/{container}/start"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("detachKeys")) },
        { "libpod.container.stats",   READ,  GET,    L("/containers/{container}/stats"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = KEYS(ANY("one-shot"), ANY("stream")) },
        { "libpod.container.stop",    WRITE, POST,   L("/containers/{container}/stop"),
          "LIBPOD_CONTAINERS", .query = KEYS(ANY("Ignore"), ANY("t"), ANY("timeout")) },
        { "libpod.container.top",     READ,  GET,    L("/containers/{container}/top"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = container_top },
        { "libpod.container.unmount", FULL,  POST,   L("/containers/{container}/unmount"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.unpause", WRITE, POST,   L("/containers/{container}/unpause"),
          "LIBPOD_CONTAINERS" },
        { "libpod.container.update",  FULL,  POST,   L("/containers/{container}/update"),
          "LIBPOD_CONTAINERS", .body = JSON, .query = container_update },
        { "libpod.container.wait",    WRITE, POST,   L("/containers/{container}/wait"),
          "LIBPOD_CONTAINERS", .kind = STREAM, .query = KEYS(LIST("condition"), ANY("interval")) },
};

static const Endpoint images_rows[] = {
        { "libpod.image.save",    FULL,  GET,    L("/images/export"), "LIBPOD_IMAGES",
          .kind = STREAM, .query = image_save },
        { "libpod.image.import",  FULL,  POST,   L("/images/import"), "LIBPOD_IMAGES",
          .kind = STREAM, .body = RAW, .query = image_import },
        { "libpod.image.list",    READ,  GET,    L("/images/json"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("all"), ANY("digests"), ANY("filters")) },
        { "libpod.image.load",    FULL,  POST,   L("/images/load"), "LIBPOD_IMAGES",
          .kind = STREAM, .body = TAR },
        { "libpod.image.prune",   WRITE, POST,   L("/images/prune"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("all"), ANY("buildcache"), ANY("external"), ANY("filters")) },
        { "libpod.image.pull",    FULL,  POST,   L("/images/pull"), "LIBPOD_IMAGES",
          .kind = STREAM, .query = image_pull },
        { "libpod.image.remove",  WRITE, DELETE, L("/images/remove"), "LIBPOD_IMAGES",
          .query = image_remove },
        { "libpod.image.scp",     FULL,  POST,   L("/images/scp/{image}"), "LIBPOD_IMAGES",
          .kind = STREAM, .query = KEYS(ANY("destination"), ANY("quiet")) },
        { "libpod.image.search",  FULL,  GET,    L("/images/search"), "LIBPOD_IMAGES",
          .query = image_search },
        { "libpod.image.remove",  WRITE, DELETE, L("/images/{image}"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("force"), ANY("ignore"), ANY("lookupManifest")) },
        { "libpod.image.exists",  READ,  GET,    L("/images/{image}/exists"), "LIBPOD_IMAGES" },
        { "libpod.image.save",    FULL,  GET,    L("/images/{image}/get"), "LIBPOD_IMAGES",
          .kind = STREAM, .query = KEYS(ANY("compress"), ANY("format")) },
        { "libpod.image.history", READ,  GET,    L("/images/{image}/history"), "LIBPOD_IMAGES" },
        { "libpod.image.inspect", READ,  GET,    L("/images/{image}/json"), "LIBPOD_IMAGES" },
        { "libpod.image.push",    FULL,  POST,   L("/images/{image}/push"), "LIBPOD_IMAGES",
          .kind = STREAM, .query = image_push },
        { "libpod.image.resolve", READ,  GET,    L("/images/{image}/resolve"), "LIBPOD_IMAGES" },
        { "libpod.image.tag",     FULL,  POST,   L("/images/{image}/tag"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("repo"), ANY("tag")) },
        { "libpod.image.tree",    READ,  GET,    L("/images/{image}/tree"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("whatrequires")) },
        { "libpod.image.untag",   WRITE, POST,   L("/images/{image}/untag"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("repo"), ANY("tag")) },
        { "libpod.image.changes", READ,  GET,    L("/images/{image}/changes"), "LIBPOD_IMAGES",
          .query = KEYS(ANY("diffType"), ANY("parent")) },
};

static const Endpoint networks_rows[] = {
        { "libpod.network.create",    FULL,  POST,   L("/networks/create"), "LIBPOD_NETWORKS",
          .body = JSON, .query = KEYS(ANY("ignoreIfExists")) },
        { "libpod.network.list",      READ,  GET,    L("/networks/json"), "LIBPOD_NETWORKS",
          .query = KEYS(ANY("filters")) },
        { "libpod.network.prune",     WRITE, POST,   L("/networks/prune"), "LIBPOD_NETWORKS",
          .query = KEYS(ANY("filters")) },
        { "libpod.network.remove",    WRITE, DELETE, L("/networks/{network}"), "LIBPOD_NETWORKS",
          .query = KEYS(ANY("force")) },
        { "libpod.network.inspect",   READ,  GET,    L("/networks/{network}"), "LIBPOD_NETWORKS" },
        { "libpod.network.connect",   FULL,  POST,   L("/networks/{network}/connect"),
          "LIBPOD_NETWORKS", .body = JSON },
        { "libpod.network.disconnect", FULL,  POST,   L("/networks/{network}/disconnect"),
          "LIBPOD_NETWORKS", .body = JSON },
        { "libpod.network.exists",    READ,  GET,    L("/networks/{network}/exists"),
          "LIBPOD_NETWORKS" },
        { "libpod.network.inspect",   READ,  GET,    L("/networks/{network}/json"),
          "LIBPOD_NETWORKS" },
        { "libpod.network.update",    FULL,  POST,   L("/networks/{network}/update"),
          "LIBPOD_NETWORKS", .body = JSON },
};

static const Endpoint volumes_rows[] = {
        { "libpod.volume.create",  FULL,  POST,   L("/volumes/create"), "LIBPOD_VOLUMES",
          .body = JSON },
        { "libpod.volume.list",    READ,  GET,    L("/volumes/json"), "LIBPOD_VOLUMES",
          .query = KEYS(ANY("filters")) },
        { "libpod.volume.prune",   WRITE, POST,   L("/volumes/prune"), "LIBPOD_VOLUMES",
          .query = KEYS(ANY("filters")) },
        { "libpod.volume.remove",  WRITE, DELETE, L("/volumes/{volume}"), "LIBPOD_VOLUMES",
          .query = KEYS(ANY("force"), ANY("timeout")) },
        { "libpod.volume.exists",  READ,  GET,    L("/volumes/{volume}/exists"), "LIBPOD_VOLUMES" },
        { "libpod.volume.inspect", READ,  GET,    L("/volumes/{volume}/json"), "LIBPOD_VOLUMES" },
};

static const Endpoint pods_rows[] = {
        { "libpod.pod.create",  FULL,  POST,   L("/pods/create"), "LIBPOD_PODS", .body = JSON },
        { "libpod.pod.list",    READ,  GET,    L("/pods/json"), "LIBPOD_PODS",
          .query = KEYS(ANY("filters")) },
        { "libpod.pod.prune",   WRITE, POST,   L("/pods/prune"), "LIBPOD_PODS",
          .query = KEYS(ANY("filters")) },
        { "libpod.pod.stats",   READ,  GET,    L("/pods/stats"), "LIBPOD_PODS",
          .kind = STREAM, .query = pod_stats },
        { "libpod.pod.remove",  WRITE, DELETE, L("/pods/{other}"), "LIBPOD_PODS",
          .query = KEYS(ANY("force"), ANY("timeout")) },
        { "libpod.pod.exists",  READ,  GET,    L("/pods/{other}/exists"), "LIBPOD_PODS" },
        { "libpod.pod.inspect", READ,  GET,    L("/pods/{other}/json"), "LIBPOD_PODS" },
        { "libpod.pod.kill",    WRITE, POST,   L("/pods/{other}/kill"), "LIBPOD_PODS",
          .query = KEYS(ANY("signal")) },
        { "libpod.pod.pause",   WRITE, POST,   L("/pods/{other}/pause"), "LIBPOD_PODS" },
        { "libpod.pod.restart", WRITE, POST,   L("/pods/{other}/restart"), "LIBPOD_PODS" },
        { "libpod.pod.start",   WRITE, POST,   L("/pods/{other}/start"), "LIBPOD_PODS" },
        { "libpod.pod.stop",    WRITE, POST,   L("/pods/{other}/stop"), "LIBPOD_PODS",
          .query = KEYS(ANY("t")) },
        { "libpod.pod.top",     READ,  GET,    L("/pods/{other}/top"), "LIBPOD_PODS",
          .kind = STREAM, .query = KEYS(ANY("delay"), PS_ARGS("ps_args"), ANY("stream")) },
        { "libpod.pod.unpause", WRITE, POST,   L("/pods/{other}/unpause"), "LIBPOD_PODS" },
};

static const Endpoint exec_rows[] = {
        { "libpod.exec.inspect", READ,  GET,    L("/exec/{exec}/json"), "LIBPOD_EXEC" },
        { "libpod.exec.remove",  FULL,  POST,   L("/exec/{exec}/remove"), "LIBPOD_EXEC",
          .body = JSON },
        { "libpod.exec.resize",  FULL,  POST,   L("/exec/{exec}/resize"), "LIBPOD_EXEC",
          .query = KEYS(ANY("h"), ANY("running"), ANY("w")) },
        { "libpod.exec.start",   FULL,  POST,   L("/exec/{exec}/start"), "LIBPOD_EXEC",
          .kind = HIJACK, .body = JSON, .hijack = EXEC_START },
};

static const Endpoint secrets_rows[] = {
        { "libpod.secret.create",  FULL,  POST,   L("/secrets/create"), "LIBPOD_SECRETS",
          .body = RAW, .query = secret_create },
        { "libpod.secret.list",    FULL,  GET,    L("/secrets/json"), "LIBPOD_SECRETS",
          .query = KEYS(ANY("filters")) },
        { "libpod.secret.remove",  FULL,  DELETE, L("/secrets/{other}"), "LIBPOD_SECRETS",
          .query = KEYS(ANY("all")) },
        { "libpod.secret.exists",  FULL,  GET,    L("/secrets/{other}/exists"), "LIBPOD_SECRETS" },
        { "libpod.secret.inspect", FULL,  GET,    L("/secrets/{other}/json"), "LIBPOD_SECRETS",
          .query = KEYS(ANY("showsecret")) },
};

static const Endpoint generate_rows[] = {
        { "libpod.kube.generate",    FULL,  GET,    L("/generate/kube"), "LIBPOD_GENERATE",
          .query = kube_generate },
        { "libpod.generate.systemd", FULL,  GET,    L("/generate/{other}/systemd"),
          "LIBPOD_GENERATE", .query = generate_systemd },
};

static const Endpoint kube_rows[] = {
        { "libpod.kube.apply",    FULL,  POST,   L("/kube/apply"), "LIBPOD_KUBE",
          .kind = STREAM, .body = RAW, .query = kube_apply },
        { "libpod.kube.generate", FULL,  GET,    L("/kube/generate"), "LIBPOD_KUBE",
          .query = kube_generate },
        { "libpod.kube.down",     FULL,  DELETE, L("/kube/play"), "LIBPOD_KUBE",
          .kind = STREAM, .body = RAW, .query = KEYS(ANY("force")) },
        { "libpod.kube.play",     FULL,  POST,   L("/kube/play"), "LIBPOD_KUBE",
          .kind = STREAM, .body = RAW, .query = kube_play },
};

static const Endpoint play_rows[] = {
        { "libpod.kube.down", FULL,  DELETE, L("/play/kube"), "LIBPOD_PLAY",
          .kind = STREAM, .body = RAW, .query = KEYS(ANY("force")) },
        { "libpod.kube.play", FULL,  POST,   L("/play/kube"), "LIBPOD_PLAY",
          .kind = STREAM, .body = RAW, .query = kube_play },
};

static const Endpoint system_rows[] = {
        { "libpod.system.check", FULL,  POST,   L("/system/check"), "LIBPOD_SYSTEM",
          .query = system_check },
        { "libpod.system.df",    READ,  GET,    L("/system/df"), "LIBPOD_SYSTEM" },
        { "libpod.system.prune", WRITE, POST,   L("/system/prune"), "LIBPOD_SYSTEM",
          .query = system_prune },
};

static const Endpoint other_rows[] = {
        { "libpod.ping",             READ,  GET,    L("/_ping"), "LIBPOD_PING" },
        { "libpod.ping",             READ,  HEAD,   L("/_ping"), "LIBPOD_PING" },
        { "libpod.build.image",      FULL,  POST,   L("/build"), "LIBPOD_BUILD",
          .kind = STREAM, .body = TAR, .query = build_image },
        { "libpod.container.commit", FULL,  POST,   L("/commit"), "LIBPOD_COMMIT",
          .kind = STREAM, .query = container_commit },
        { "libpod.system.events",    READ,  GET,    L("/events"), "LIBPOD_EVENTS",
          .kind = STREAM, .query = system_events },
        { "libpod.system.info",      READ,  GET,    L("/info"), "LIBPOD_INFO" },
        { "libpod.system.swagger",   NEVER, GET,    L("/swagger"), "LIBPOD_SWAGGER" },
        { "libpod.system.version",   READ,  GET,    L("/version"), "LIBPOD_VERSION" },
};

const EndpointGroup endpoint_libpod_groups[] = {
        GROUP("containers", containers_rows),
        GROUP("images", images_rows),
        GROUP("networks", networks_rows),
        GROUP("volumes", volumes_rows),
        GROUP("pods", pods_rows),
        GROUP("exec", exec_rows),
        GROUP("secrets", secrets_rows),
        GROUP("generate", generate_rows),
        GROUP("kube", kube_rows),
        GROUP("play", play_rows),
        GROUP("system", system_rows),
        GROUP("", other_rows),
        { 0 },
};

/* clang-format on */
