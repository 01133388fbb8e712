/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of container.create. The legacy members of the top level are read by engines up to 26.1 when
 * HostConfig is absent, some of them beside it: known here, and refused when they say anything.
 */
#include "policy/schema-rows.h"

/* clang-format off */
static const Field fields_healthcheck[] = {
        ROW("Test", STRINGS, ANY),
        ROW("Interval", INT, ANY),
        ROW("Timeout", INT, ANY),
        ROW("StartPeriod", INT, ANY),
        ROW("StartInterval", INT, ANY),
        ROW("Retries", INT, ANY),
};
const Schema schema_healthcheck = {
        .name = "container.create/Healthcheck",
        FIELDS(fields_healthcheck),
};

static const Field fields_log_config[] = {
        ROW("Type", STRING, ZERO, ASKS(CREATE_LOG_DRIVERS, check_later)),
        ROW("Config", MAP_STRING, ZERO, ASKS(CREATE_LOG_DRIVERS, check_later)),
};
static const Schema schema_log_config = {
        .name = "container.create/HostConfig/LogConfig",
        FIELDS(fields_log_config),
        .check = check_log_config,
};

static const Field fields_port_binding[] = {
        ROW("HostIp", STRING, NONE, ASKS(CREATE_PORTS, check_later)),
        ROW("HostPort", STRING, NONE, ASKS(CREATE_PORTS, check_later)),
};
static const Schema schema_port_binding = {
        .name = "container.create/HostConfig/PortBindings{}[]",
        FIELDS(fields_port_binding),
};

static const Field fields_restart_policy[] = {
        ROW("Name", STRING, WORDS("|no"), ASKS(CREATE_RESTART_POLICIES, check_restart_policy)),
        ROW("MaximumRetryCount", INT, FROM(0)),
};
static const Schema schema_restart_policy = {
        .name = "container.create/HostConfig/RestartPolicy",
        FIELDS(fields_restart_policy),
};

static const Field fields_weight_device[] = {
        ROW("Path", STRING, NONE),
        ROW("Weight", INT, NONE, U16),
};
const Schema schema_weight_device = {
        .name = "common/WeightDevice",
        FIELDS(fields_weight_device),
};

static const Field fields_throttle_device[] = {
        ROW("Path", STRING, NONE),
        ROW("Rate", INT, NONE, U64),
};
const Schema schema_throttle_device = {
        .name = "common/ThrottleDevice",
        FIELDS(fields_throttle_device),
};

static const Field fields_device[] = {
        ROW("PathOnHost", STRING, NONE, ASKS(CREATE_DEVICES, check_device)),
        ROW("PathInContainer", STRING, ANY),
        ROW("CgroupPermissions", STRING, ZERO, BY(check_cgroup_permissions)),
};
const Schema schema_device = {
        .name = "container.create/HostConfig/Devices[]",
        FIELDS(fields_device),
};

static const Field fields_device_request[] = {
        ROW("Driver", STRING, NONE, ASKS(CREATE_DEVICE_REQUESTS, check_later)),
        ROW("Count", INT, FROM(-1)),
        ROW("DeviceIDs", STRINGS, NONE, ASKS(CREATE_DEVICE_REQUESTS, check_later)),
        ROW("Capabilities", STRING_LISTS, NONE, ASKS(CREATE_DEVICE_REQUESTS, check_later)),
        ROW("Options", MAP_STRING, ZERO),
};
const Schema schema_device_request = {
        .name = "container.create/HostConfig/DeviceRequests[]",
        FIELDS(fields_device_request),
};

static const Field fields_ulimit[] = {
        ROW("Name", STRING, ANY),
        ROW("Soft", INT, FROM(-1)),
        ROW("Hard", INT, FROM(-1)),
};
const Schema schema_ulimit = {
        .name = "container.create/HostConfig/Ulimits[]",
        FIELDS(fields_ulimit),
};

static const Field fields_bind_options[] = {
        ROW("Propagation", STRING, WORDS("|private|rprivate")),
        ROW("NonRecursive", BOOL, ANY),
        ROW("CreateMountpoint", BOOL, ANY),
        ROW("ReadOnlyNonRecursive", BOOL, ZERO),
        ROW("ReadOnlyForceRecursive", BOOL, ZERO),
};
static const Schema schema_bind_options = {
        .name = "container.create/HostConfig/Mounts[]/BindOptions",
        FIELDS(fields_bind_options),
};

static const Field fields_driver_config[] = {
        ROW("Name", STRING, WORDS("|local")),
        ROW("Options", MAP_STRING, ZERO),
};
static const Schema schema_driver_config = {
        .name = "container.create/HostConfig/Mounts[]/VolumeOptions/DriverConfig",
        FIELDS(fields_driver_config),
};

static const Field fields_volume_options[] = {
        ROW("NoCopy", BOOL, ANY),
        ROW("Labels", MAP_STRING, ANY),
        ROW("Subpath", STRING, ZERO),
        ROW("DriverConfig", STRUCT, ROWS(schema_driver_config)),
};
static const Schema schema_volume_options = {
        .name = "container.create/HostConfig/Mounts[]/VolumeOptions",
        FIELDS(fields_volume_options),
};

static const Field fields_tmpfs_options[] = {
        ROW("SizeBytes", INT, FROM(0)),
        ROW("Mode", INT, FROM_TO(0, 4095), U32),
        ROW("Options", STRING_LISTS, ZERO),
};
static const Schema schema_tmpfs_options = {
        .name = "container.create/HostConfig/Mounts[]/TmpfsOptions",
        FIELDS(fields_tmpfs_options),
};

static const Field fields_image_options[] = {
        ROW("Subpath", STRING, ZERO),
};
static const Schema schema_image_options = {
        .name = "container.create/HostConfig/Mounts[]/ImageOptions",
        FIELDS(fields_image_options),
};

static const Field fields_mount[] = {
        ROW("Type", STRING, NONE, ASKS(CREATE_BIND_MOUNTS, check_later)),
        ROW("Source", STRING, NONE, ASKS(CREATE_BIND_MOUNTS, check_later)),
        ROW("Target", STRING, ANY),
        ROW("ReadOnly", BOOL, ANY),
        ROW("Consistency", STRING, WORDS("|default|consistent|cached|delegated")),
        ROW("BindOptions", STRUCT, ROWS(schema_bind_options)),
        ROW("VolumeOptions", STRUCT, ROWS(schema_volume_options)),
        ROW("TmpfsOptions", STRUCT, ROWS(schema_tmpfs_options)),
        ROW("ImageOptions", STRUCT, ROWS(schema_image_options)),
        ROW("ClusterOptions", ANY, ZERO),
};
const Schema schema_mount = {
        .name = "container.create/HostConfig/Mounts[]",
        FIELDS(fields_mount),
        .check = check_mount,
};

static const Field fields_host_config[] = {
        ROW("Binds", STRINGS, ZERO, ASKS(CREATE_BIND_MOUNTS, check_binds)),
        ROW("ContainerIDFile", STRING, ANY),
        ROW("LogConfig", STRUCT, ROWS(schema_log_config)),
        ROW("NetworkMode", STRING, NONE, ASKS(CREATE_NETWORKS, check_network_mode)),
        ROW("PortBindings", MAP_STRUCTS, ZERO, OF(schema_port_binding), ASKS(CREATE_PORTS,
            check_port_bindings)),
        ROW("RestartPolicy", STRUCT, ROWS(schema_restart_policy)),
        ROW("AutoRemove", BOOL, ANY),
        ROW("VolumeDriver", STRING, WORDS("|local")),
        ROW("VolumesFrom", STRINGS, ZERO),
        ROW("ConsoleSize", INTS, ZERO, U64, BY(check_console_size)),
        ROW("Annotations", MAP_STRING, ZERO),
        ROW("CapAdd", STRSLICE, NULL_ONLY, ASKS(CREATE_CAPABILITIES, check_cap_add)),
        ROW("CapDrop", STRSLICE, ANY, BY(check_cap_drop)),
        ROW("CgroupnsMode", STRING, WORDS("|private"), ASKS(CREATE_NAMESPACES,
            check_cgroupns_mode)),
        ROW("Dns", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
        ROW("DnsOptions", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
        ROW("DnsSearch", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
        ROW("ExtraHosts", STRINGS, ZERO, ASKS(CREATE_EXTRA_HOSTS, check_extra_hosts)),
        ROW("GroupAdd", STRINGS, ZERO, BY(check_group_add)),
        ROW("IpcMode", STRING, WORDS("|none|private|shareable"), ASKS(CREATE_NAMESPACES,
            check_ipc_mode)),
        ROW("Cgroup", STRING, ZERO),
        ROW("Links", STRINGS, ZERO, ASKS(CREATE_LINKS, check_links)),
        ROW("OomScoreAdj", INT, FROM_TO(0, 1000)),
        ROW("PidMode", STRING, ZERO, ASKS(CREATE_NAMESPACES, check_pid_mode)),
        ROW("Privileged", BOOL, ZERO, ASKS(CREATE_PRIVILEGED, check_privileged)),
        ROW("PublishAllPorts", BOOL, ZERO, ASKS(CREATE_PORTS, check_publish_all)),
        ROW("ReadonlyRootfs", BOOL, ANY),
        ROW("SecurityOpt", STRINGS, ZERO, ASKS(CREATE_SECURITY_OPTIONS, check_security_opt)),
        ROW("StorageOpt", MAP_STRING, ZERO),
        ROW("Tmpfs", MAP_STRING, ZERO, ASKS(CREATE_TMPFS, check_tmpfs)),
        ROW("UTSMode", STRING, ZERO, ASKS(CREATE_NAMESPACES, check_uts_mode)),
        ROW("UsernsMode", STRING, ZERO, ASKS(CREATE_NAMESPACES, check_userns_mode)),
        ROW("ShmSize", INT, FROM(0)),
        ROW("Sysctls", MAP_STRING, ZERO, ASKS(CREATE_SYSCTLS, check_sysctls)),
        ROW("Runtime", STRING, WORDS("|runc"), ASKS(CREATE_RUNTIMES, check_runtime)),
        ROW("Isolation", STRING, ZERO),
        ROW("CpuShares", INT, FROM(0)),
        ROW("Memory", INT, FROM(0)),
        ROW("NanoCpus", INT, FROM(0)),
        ROW("CgroupParent", STRING, ZERO),
        ROW("BlkioWeight", INT, FROM_TO(0, 1000), U16),
        ROW("BlkioWeightDevice", STRUCTS, ZERO, OF(schema_weight_device)),
        ROW("BlkioDeviceReadBps", STRUCTS, ZERO, OF(schema_throttle_device)),
        ROW("BlkioDeviceWriteBps", STRUCTS, ZERO, OF(schema_throttle_device)),
        ROW("BlkioDeviceReadIOps", STRUCTS, ZERO, OF(schema_throttle_device)),
        ROW("BlkioDeviceWriteIOps", STRUCTS, ZERO, OF(schema_throttle_device)),
        ROW("CpuPeriod", INT, FROM(0)),
        ROW("CpuQuota", INT, FROM(-1)),
        ROW("CpuRealtimePeriod", INT, ZERO),
        ROW("CpuRealtimeRuntime", INT, ZERO),
        ROW("CpusetCpus", STRING, ANY),
        ROW("CpusetMems", STRING, ANY),
        ROW("Devices", STRUCTS, ZERO, OF(schema_device), KEY(CREATE_DEVICES)),
        ROW("DeviceCgroupRules", STRINGS, ZERO),
        ROW("DeviceRequests", STRUCTS, ZERO, OF(schema_device_request),
            ASKS(CREATE_DEVICE_REQUESTS, check_device_requests)),
        ROW("KernelMemory", INT, ZERO),
        ROW("KernelMemoryTCP", INT, ZERO),
        ROW("MemoryReservation", INT, FROM(0)),
        ROW("MemorySwap", INT, FROM(-1)),
        ROW("MemorySwappiness", INT, FROM_TO(-1, 100)),
        ROW("OomKillDisable", BOOL, ZERO),
        ROW("PidsLimit", INT, FROM(-1)),
        ROW("Ulimits", STRUCTS, ROWS(schema_ulimit)),
        ROW("CpuCount", INT, ZERO),
        ROW("CpuPercent", INT, ZERO),
        ROW("IOMaximumIOps", INT, ZERO, U64),
        ROW("IOMaximumBandwidth", INT, ZERO, U64),
        ROW("Mounts", STRUCTS, ROWS(schema_mount)),
        ROW("MaskedPaths", STRINGS, NULL_ONLY, BY(check_masked_paths)),
        ROW("ReadonlyPaths", STRINGS, NULL_ONLY, BY(check_readonly_paths)),
        ROW("Init", BOOL, ANY),
        ROW("Capabilities", STRINGS, ZERO),
        ROW("DiskQuota", INT, ZERO),
        ROW("InitPath", STRING, ZERO),
        ROW("LxcConf", ANY, ZERO),
};
static const Schema schema_host_config = {
        .name = "container.create/HostConfig",
        FIELDS(fields_host_config),
};

static const Field fields_endpoint_ipam[] = {
        ROW("IPv4Address", STRING, ZERO, ASKS(CREATE_STATIC_ADDRESSES, check_static_address)),
        ROW("IPv6Address", STRING, ZERO, ASKS(CREATE_STATIC_ADDRESSES, check_static_address)),
        ROW("LinkLocalIPs", STRINGS, ZERO, ASKS(CREATE_STATIC_ADDRESSES, check_static_address)),
};
static const Schema schema_endpoint_ipam = {
        .name = "container.create/NetworkingConfig/EndpointsConfig{}/IPAMConfig",
        FIELDS(fields_endpoint_ipam),
};

static const Field fields_endpoint[] = {
        ROW("IPAMConfig", STRUCT, ROWS(schema_endpoint_ipam)),
        ROW("Links", STRINGS, ZERO, ASKS(CREATE_LINKS, check_links)),
        ROW("Aliases", STRINGS, ANY),
        ROW("MacAddress", STRING, ZERO, ASKS(CREATE_STATIC_ADDRESSES, check_static_address)),
        ROW("DriverOpts", MAP_STRING, ZERO),
        ROW("GwPriority", INT, ZERO),
        ROW("NetworkID", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("EndpointID", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("Gateway", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("IPAddress", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("IPPrefixLen", INT, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("IPv6Gateway", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("GlobalIPv6Address", STRING, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("GlobalIPv6PrefixLen", INT, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
        ROW("DNSNames", STRINGS, ZERO, ASKS(CREATE_ENDPOINT_STATE, check_endpoint_state)),
};
const Schema schema_endpoint = {
        .name = "container.create/NetworkingConfig/EndpointsConfig{}",
        FIELDS(fields_endpoint),
};

static const Field fields_networking_config[] = {
        ROW("EndpointsConfig", MAP_STRUCT, ZERO, OF(schema_endpoint), ASKS(CREATE_NETWORKS,
            check_endpoints_config)),
};
static const Schema schema_networking_config = {
        .name = "container.create/NetworkingConfig",
        FIELDS(fields_networking_config),
};

static const Field fields_container_create[] = {
        ROW("Hostname", STRING, ANY),
        ROW("Domainname", STRING, ANY),
        ROW("User", STRING, NONE, ASKS(CREATE_USERS, check_user)),
        ROW("AttachStdin", BOOL, ANY),
        ROW("AttachStdout", BOOL, ANY),
        ROW("AttachStderr", BOOL, ANY),
        ROW("ExposedPorts", MAP_EMPTY, ANY),
        ROW("Tty", BOOL, ANY),
        ROW("OpenStdin", BOOL, ANY),
        ROW("StdinOnce", BOOL, ANY),
        ROW("Env", STRINGS, ANY),
        ROW("Cmd", STRSLICE, ANY),
        ROW("Healthcheck", STRUCT, ROWS(schema_healthcheck)),
        ROW("ArgsEscaped", BOOL, ANY),
        ROW("Image", STRING, NONE, ASKS(CREATE_IMAGES, check_image)),
        ROW("WorkingDir", STRING, ANY),
        ROW("Entrypoint", STRSLICE, ANY),
        ROW("NetworkDisabled", BOOL, ANY),
        ROW("MacAddress", STRING, ZERO, ASKS(CREATE_STATIC_ADDRESSES, check_static_address)),
        ROW("OnBuild", STRINGS, ZERO),
        ROW("Labels", MAP_STRING, ANY, BY(check_labels)),
        ROW("StopSignal", STRING, ANY),
        ROW("StopTimeout", INT, ANY),
        ROW("Shell", STRSLICE, ANY),
        ROW("HostConfig", STRUCT, ROWS(schema_host_config)),
        /* After HostConfig: its mounts are the targets that are free here. */
        ROW("Volumes", MAP_EMPTY, ZERO, ASKS(CREATE_ANONYMOUS_VOLUMES, check_volumes)),
        ROW("NetworkingConfig", STRUCT, ROWS(schema_networking_config)),
        ROW("name", STRING, ZERO, BY(check_body_name)),
        ROW("platform", STRING, ANY),
        ROW("Platform", ANY, ZERO), /* Go clients of the 20.10 line; else a spelling of the above */
        ROW("abortSignal", ANY, ZERO),

        /* Legacy. */
        ROW("Binds", STRINGS, ZERO),
        ROW("ContainerIDFile", STRING, ZERO),
        ROW("LogConfig", ANY, ZERO),
        ROW("NetworkMode", STRING, ZERO),
        ROW("PortBindings", ANY, ZERO),
        ROW("RestartPolicy", ANY, ZERO),
        ROW("AutoRemove", BOOL, ZERO),
        ROW("VolumeDriver", STRING, ZERO),
        ROW("VolumesFrom", STRINGS, ZERO),
        ROW("ConsoleSize", INTS, ZERO, U64),
        ROW("Annotations", MAP_STRING, ZERO),
        ROW("CapAdd", STRSLICE, ZERO),
        ROW("CapDrop", STRSLICE, ZERO),
        ROW("CgroupnsMode", STRING, ZERO),
        ROW("Dns", STRINGS, ZERO),
        ROW("DnsOptions", STRINGS, ZERO),
        ROW("DnsSearch", STRINGS, ZERO),
        ROW("ExtraHosts", STRINGS, ZERO),
        ROW("GroupAdd", STRINGS, ZERO),
        ROW("IpcMode", STRING, ZERO),
        ROW("Cgroup", STRING, ZERO),
        ROW("Links", STRINGS, ZERO),
        ROW("OomScoreAdj", INT, ZERO),
        ROW("PidMode", STRING, ZERO),
        ROW("Privileged", BOOL, ZERO),
        ROW("PublishAllPorts", BOOL, ZERO),
        ROW("ReadonlyRootfs", BOOL, ZERO),
        ROW("SecurityOpt", STRINGS, ZERO),
        ROW("StorageOpt", MAP_STRING, ZERO),
        ROW("Tmpfs", MAP_STRING, ZERO),
        ROW("UTSMode", STRING, ZERO),
        ROW("UsernsMode", STRING, ZERO),
        ROW("ShmSize", INT, ZERO),
        ROW("Sysctls", MAP_STRING, ZERO),
        ROW("Runtime", STRING, ZERO),
        ROW("Isolation", STRING, ZERO),
        ROW("CpuShares", INT, ZERO),
        ROW("Memory", INT, ZERO),
        ROW("NanoCpus", INT, ZERO),
        ROW("CgroupParent", STRING, ZERO),
        ROW("BlkioWeight", INT, ZERO, U16),
        ROW("BlkioWeightDevice", ANY, ZERO),
        ROW("BlkioDeviceReadBps", ANY, ZERO),
        ROW("BlkioDeviceWriteBps", ANY, ZERO),
        ROW("BlkioDeviceReadIOps", ANY, ZERO),
        ROW("BlkioDeviceWriteIOps", ANY, ZERO),
        ROW("CpuPeriod", INT, ZERO),
        ROW("CpuQuota", INT, ZERO),
        ROW("CpuRealtimePeriod", INT, ZERO),
        ROW("CpuRealtimeRuntime", INT, ZERO),
        ROW("CpusetCpus", STRING, ZERO),
        ROW("CpusetMems", STRING, ZERO),
        ROW("Devices", ANY, ZERO),
        ROW("DeviceCgroupRules", STRINGS, ZERO),
        ROW("DeviceRequests", ANY, ZERO),
        ROW("KernelMemory", INT, ZERO),
        ROW("KernelMemoryTCP", INT, ZERO),
        ROW("MemoryReservation", INT, ZERO),
        ROW("MemorySwap", INT, ZERO),
        ROW("MemorySwappiness", INT, ZERO),
        ROW("OomKillDisable", BOOL, ZERO),
        ROW("PidsLimit", INT, ZERO),
        ROW("Ulimits", ANY, ZERO),
        ROW("CpuCount", INT, ZERO),
        ROW("CpuPercent", INT, ZERO),
        ROW("IOMaximumIOps", INT, ZERO, U64),
        ROW("IOMaximumBandwidth", INT, ZERO, U64),
        ROW("Mounts", ANY, ZERO),
        ROW("MaskedPaths", STRINGS, NULL_ONLY),
        ROW("ReadonlyPaths", STRINGS, NULL_ONLY),
        ROW("Init", BOOL, ZERO),
        ROW("Cpuset", STRING, ZERO),
        ROW("PortSpecs", ANY, ZERO),
        ROW("LxcConf", ANY, ZERO),
        ROW("DiskQuota", INT, ZERO),
        ROW("InitPath", STRING, ZERO),
        ROW("Capabilities", STRINGS, ZERO),
};
const Schema schema_container_create = {
        .name = "container.create",
        FIELDS(fields_container_create),
        .check = check_container_create,
};
/* clang-format on */
