/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of container.update, exec, network and volume bodies. */
#include "policy/schema-rows.h"

/* clang-format off */
static const Field fields_update_restart_policy[] = {
        ROW("Name", STRING, ZERO, ASKS(UPDATE_FIELDS, check_update_restart)),
        ROW("MaximumRetryCount", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_restart)),
};
static const Schema schema_update_restart_policy = {
        .name = "container.update/RestartPolicy",
        FIELDS(fields_update_restart_policy),
};

static const Field fields_container_update[] = {
        ROW("CpuShares", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("Memory", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("NanoCpus", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("CgroupParent", STRING, ZERO),
        ROW("BlkioWeight", INT, ZERO, U16, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("BlkioWeightDevice", STRUCTS, NULL_ONLY, OF(schema_weight_device)),
        ROW("BlkioDeviceReadBps", STRUCTS, NULL_ONLY, OF(schema_throttle_device)),
        ROW("BlkioDeviceWriteBps", STRUCTS, NULL_ONLY, OF(schema_throttle_device)),
        ROW("BlkioDeviceReadIOps", STRUCTS, NULL_ONLY, OF(schema_throttle_device)),
        ROW("BlkioDeviceWriteIOps", STRUCTS, NULL_ONLY, OF(schema_throttle_device)),
        ROW("CpuPeriod", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("CpuQuota", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("CpuRealtimePeriod", INT, ZERO),
        ROW("CpuRealtimeRuntime", INT, ZERO),
        ROW("CpusetCpus", STRING, ZERO, ASKS(UPDATE_FIELDS, check_update_cpuset)),
        ROW("CpusetMems", STRING, ZERO, ASKS(UPDATE_FIELDS, check_update_cpuset)),
        ROW("Devices", STRUCTS, ZERO, OF(schema_device)),
        ROW("DeviceCgroupRules", STRINGS, ZERO),
        ROW("DeviceRequests", STRUCTS, ZERO, OF(schema_device_request)),
        ROW("KernelMemory", INT, ZERO),
        ROW("KernelMemoryTCP", INT, ZERO),
        ROW("MemoryReservation", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("MemorySwap", INT, ZERO, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("MemorySwappiness", INT, NULL_ONLY),
        ROW("OomKillDisable", BOOL, ZERO),
        ROW("PidsLimit", INT, NULL_ONLY, ASKS(UPDATE_FIELDS, check_update_number)),
        ROW("Ulimits", STRUCTS, ZERO, OF(schema_ulimit)),
        ROW("CpuCount", INT, ZERO),
        ROW("CpuPercent", INT, ZERO),
        ROW("IOMaximumIOps", INT, ZERO, U64),
        ROW("IOMaximumBandwidth", INT, ZERO, U64),
        ROW("RestartPolicy", STRUCT, ROWS(schema_update_restart_policy)),
        ROW("Init", BOOL, ZERO),
        ROW("DiskQuota", INT, ZERO),
};
const Schema schema_container_update = {
        .name = "container.update",
        FIELDS(fields_container_update),
};

static const Field fields_exec_create[] = {
        ROW("User", STRING, ZERO, ASKS(EXEC_USERS, check_exec_user)),
        ROW("Privileged", BOOL, ZERO, ASKS(EXEC_PRIVILEGED, check_exec_privileged)),
        ROW("Tty", BOOL, ANY),
        ROW("ConsoleSize", INTS, ZERO, U64, BY(check_console_size)),
        ROW("AttachStdin", BOOL, ANY),
        ROW("AttachStdout", BOOL, ANY),
        ROW("AttachStderr", BOOL, ANY),
        ROW("Detach", BOOL, ANY),
        ROW("DetachKeys", STRING, ANY),
        ROW("Env", STRINGS, ZERO, ASKS(EXEC_ENV, check_exec_env)),
        ROW("WorkingDir", STRING, ZERO, ASKS(EXEC_WORKING_DIRS, check_exec_working_dir)),
        ROW("Cmd", STRINGS, NONE, ASKS(EXEC_COMMANDS, check_exec_command)),
        ROW("Container", STRING, ZERO, BY(check_exec_container)),
        ROW("abortSignal", ANY, ZERO),
};
const Schema schema_exec_create = {
        .name = "exec.create",
        FIELDS(fields_exec_create),
};

static const Field fields_exec_start[] = {
        ROW("Detach", BOOL, ANY),
        ROW("Tty", BOOL, ANY),
        ROW("ConsoleSize", INTS, ZERO, U64, BY(check_console_size)),
        ROW("hijack", BOOL, ANY),
        ROW("stdin", BOOL, ANY),
        ROW("stdout", BOOL, ANY),
        ROW("stderr", BOOL, ANY),
        ROW("abortSignal", ANY, ZERO),
};
const Schema schema_exec_start = {
        .name = "exec.start",
        FIELDS(fields_exec_start),
};

static const Field fields_network_ipam_config[] = {
        ROW("Subnet", STRING, ZERO, ASKS(NETWORK_SUBNETS, check_network_subnet)),
        ROW("IPRange", STRING, ZERO, ASKS(NETWORK_SUBNETS, check_network_subnet)),
        ROW("Gateway", STRING, ZERO, ASKS(NETWORK_SUBNETS, check_network_subnet)),
        ROW("AuxiliaryAddresses", MAP_STRING, ZERO, ASKS(NETWORK_SUBNETS, check_network_addresses)),
};
static const Schema schema_network_ipam_config = {
        .name = "network.create/IPAM/Config[]",
        FIELDS(fields_network_ipam_config),
};

static const Field fields_network_ipam[] = {
        ROW("Driver", STRING, WORDS("|default")),
        ROW("Options", MAP_STRING, ZERO),
        ROW("Config", STRUCTS, ROWS(schema_network_ipam_config)),
};
static const Schema schema_network_ipam = {
        .name = "network.create/IPAM",
        FIELDS(fields_network_ipam),
};

static const Field fields_network_config_from[] = {
        ROW("Network", STRING, ZERO),
};
static const Schema schema_network_config_from = {
        .name = "network.create/ConfigFrom",
        FIELDS(fields_network_config_from),
};

static const Field fields_network_create[] = {
        ROW("Name", STRING, NONE, ASKS(NETWORK_NAMES, check_network_name)),
        ROW("CheckDuplicate", BOOL, ANY),
        ROW("Driver", STRING, ZERO, ASKS(NETWORK_DRIVERS, check_network_driver)),
        ROW("Scope", STRING, WORDS("|local")),
        ROW("EnableIPv4", BOOL, ANY),
        ROW("EnableIPv6", BOOL, ANY),
        ROW("IPAM", STRUCT, ROWS(schema_network_ipam)),
        ROW("Internal", BOOL, ANY),
        ROW("Attachable", BOOL, ANY),
        ROW("Ingress", BOOL, ZERO),
        ROW("ConfigOnly", BOOL, ZERO),
        ROW("ConfigFrom", STRUCT, ROWS(schema_network_config_from)),
        ROW("Options", MAP_STRING, ZERO, ASKS(NETWORK_OPTIONS, check_network_options)),
        ROW("Labels", MAP_STRING, ANY),
};
const Schema schema_network_create = {
        .name = "network.create",
        FIELDS(fields_network_create),
        .check = check_network_create,
};

static const Field fields_network_connect[] = {
        ROW("Container", STRING, ANY, ASKS(SCOPE_CONTAINERS, check_connect_container)),
        ROW("EndpointConfig", STRUCT, ROWS(schema_endpoint)),
};
const Schema schema_network_connect = {
        .name = "network.connect",
        FIELDS(fields_network_connect),
        .check = check_network_connect,
};

static const Field fields_network_disconnect[] = {
        ROW("Container", STRING, ANY, ASKS(SCOPE_CONTAINERS, check_connect_container)),
        ROW("Force", BOOL, ANY),
};
const Schema schema_network_disconnect = {
        .name = "network.disconnect",
        FIELDS(fields_network_disconnect),
        .check = check_network_connect,
};

static const Field fields_mount_volume[] = {
        ROW("FsType", STRING, ZERO),
        ROW("MountFlags", STRINGS, ZERO),
};
static const Schema schema_mount_volume = {
        .name = "volume.create/ClusterVolumeSpec/AccessMode/MountVolume",
        FIELDS(fields_mount_volume),
};

static const Field fields_access_mode[] = {
        ROW("Scope", STRING, ZERO),
        ROW("Sharing", STRING, ZERO),
        ROW("MountVolume", STRUCT, ROWS(schema_mount_volume)),
        ROW("BlockVolume", ANY, ZERO),
};
static const Schema schema_access_mode = {
        .name = "volume.create/ClusterVolumeSpec/AccessMode",
        FIELDS(fields_access_mode),
};

static const Field fields_capacity_range[] = {
        ROW("RequiredBytes", INT, ZERO),
        ROW("LimitBytes", INT, ZERO),
};
static const Schema schema_capacity_range = {
        .name = "volume.create/ClusterVolumeSpec/CapacityRange",
        FIELDS(fields_capacity_range),
};

static const Field fields_volume_secret[] = {
        ROW("Key", STRING, NONE),
        ROW("Secret", STRING, NONE),
};
static const Schema schema_volume_secret = {
        .name = "volume.create/ClusterVolumeSpec/Secrets[]",
        FIELDS(fields_volume_secret),
};

static const Field fields_cluster_volume_spec[] = {
        ROW("Group", STRING, ZERO),
        ROW("AccessMode", STRUCT, ROWS(schema_access_mode)),
        ROW("AccessibilityRequirements", ANY, ZERO),
        ROW("CapacityRange", STRUCT, ROWS(schema_capacity_range)),
        ROW("Secrets", STRUCTS, ZERO, OF(schema_volume_secret)),
        ROW("Availability", STRING, ZERO),
};
static const Schema schema_cluster_volume_spec = {
        .name = "volume.create/ClusterVolumeSpec",
        FIELDS(fields_cluster_volume_spec),
};

static const Field fields_volume_create[] = {
        ROW("Name", STRING, NONE, ASKS(VOLUME_NAMES, check_volume_name)),
        ROW("Driver", STRING, WORDS("|local"), ASKS(VOLUME_DRIVERS, check_volume_driver)),
        ROW("DriverOpts", MAP_STRING, ZERO, ASKS(VOLUME_OPTIONS, check_volume_options)),
        ROW("Labels", MAP_STRING, ANY),
        ROW("ClusterVolumeSpec", STRUCT, ROWS(schema_cluster_volume_spec)),
};
const Schema schema_volume_create = {
        .name = "volume.create",
        FIELDS(fields_volume_create),
        .check = check_volume_create,
};

static const Field fields_volume_update[] = {
        ROW("Spec", STRUCT, ROWS(schema_cluster_volume_spec)),
};
const Schema schema_volume_update = {
        .name = "volume.update",
        FIELDS(fields_volume_update),
};
/* clang-format on */
