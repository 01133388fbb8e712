/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of service.create and service.update. The container in it obeys [container.create]. */
#include "policy/schema-rows.h"

/* clang-format off */
static const Field fields_selinux_context[] = {
        ROW("Disable", BOOL, ZERO),
        ROW("User", STRING, ZERO),
        ROW("Role", STRING, ZERO),
        ROW("Type", STRING, ZERO),
        ROW("Level", STRING, ZERO),
};
static const Schema schema_selinux_context = {
        .name = "service.create/TaskTemplate/ContainerSpec/Privileges/SELinuxContext",
        FIELDS(fields_selinux_context),
};

static const Field fields_seccomp[] = {
        ROW("Mode", STRING, WORDS("|default")),
        ROW("Profile", STRING, ZERO),
};
static const Schema schema_seccomp = {
        .name = "service.create/TaskTemplate/ContainerSpec/Privileges/Seccomp",
        FIELDS(fields_seccomp),
};

static const Field fields_app_armor[] = {
        ROW("Mode", STRING, WORDS("|default")),
};
static const Schema schema_app_armor = {
        .name = "service.create/TaskTemplate/ContainerSpec/Privileges/AppArmor",
        FIELDS(fields_app_armor),
};

static const Field fields_privileges[] = {
        ROW("CredentialSpec", ANY, ZERO),
        ROW("SELinuxContext", STRUCT, ROWS(schema_selinux_context)),
        ROW("Seccomp", STRUCT, ROWS(schema_seccomp)),
        ROW("AppArmor", STRUCT, ROWS(schema_app_armor)),
        ROW("NoNewPrivileges", BOOL, ANY),
};
static const Schema schema_privileges = {
        .name = "service.create/TaskTemplate/ContainerSpec/Privileges",
        FIELDS(fields_privileges),
};

static const Field fields_dns_config[] = {
        ROW("Nameservers", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
        ROW("Search", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
        ROW("Options", STRINGS, ZERO, ASKS(CREATE_DNS, check_dns)),
};
static const Schema schema_dns_config = {
        .name = "service.create/TaskTemplate/ContainerSpec/DNSConfig",
        FIELDS(fields_dns_config),
};

static const Field fields_service_file[] = {
        ROW("Name", STRING, ANY),
        ROW("UID", STRING, ANY),
        ROW("GID", STRING, ANY),
        ROW("Mode", INT, FROM_TO(0, 4095), U32),
};
static const Schema schema_service_file = {
        .name = "service.create/TaskTemplate/ContainerSpec/Secrets[]/File",
        FIELDS(fields_service_file),
};

static const Field fields_service_secret[] = {
        ROW("File", STRUCT, ROWS(schema_service_file)),
        ROW("SecretID", STRING, ANY),
        ROW("SecretName", STRING, NONE, ASKS(SERVICE_SECRETS, check_service_secret)),
};
static const Schema schema_service_secret = {
        .name = "service.create/TaskTemplate/ContainerSpec/Secrets[]",
        FIELDS(fields_service_secret),
};

static const Field fields_service_config[] = {
        ROW("File", STRUCT, ROWS(schema_service_file)),
        ROW("Runtime", ANY, ZERO),
        ROW("ConfigID", STRING, ANY),
        ROW("ConfigName", STRING, NONE, ASKS(SERVICE_CONFIGS, check_service_config)),
};
static const Schema schema_service_config = {
        .name = "service.create/TaskTemplate/ContainerSpec/Configs[]",
        FIELDS(fields_service_config),
};

static const Field fields_container_spec[] = {
        ROW("Image", STRING, NONE, ASKS(CREATE_IMAGES, check_image)),
        ROW("Labels", MAP_STRING, ANY, BY(check_labels)),
        ROW("Command", STRINGS, ANY),
        ROW("Args", STRINGS, ANY),
        ROW("Hostname", STRING, ANY),
        ROW("Env", STRINGS, ANY),
        ROW("Dir", STRING, ANY),
        ROW("User", STRING, NONE, ASKS(CREATE_USERS, check_user)),
        ROW("Groups", STRINGS, ZERO, BY(check_group_add)),
        ROW("Privileges", STRUCT, ROWS(schema_privileges)),
        ROW("Init", BOOL, ANY),
        ROW("StopSignal", STRING, ANY),
        ROW("TTY", BOOL, ANY),
        ROW("OpenStdin", BOOL, ANY),
        ROW("ReadOnly", BOOL, ANY),
        ROW("Mounts", STRUCTS, ROWS(schema_mount)),
        ROW("StopGracePeriod", INT, ANY),
        ROW("Healthcheck", STRUCT, ROWS(schema_healthcheck)),
        ROW("Hosts", STRINGS, ZERO, ASKS(CREATE_EXTRA_HOSTS, check_extra_hosts)),
        ROW("DNSConfig", STRUCT, ROWS(schema_dns_config)),
        ROW("Secrets", STRUCTS, ROWS(schema_service_secret)),
        ROW("Configs", STRUCTS, ROWS(schema_service_config)),
        ROW("Isolation", STRING, WORDS("|default")),
        ROW("Sysctls", MAP_STRING, ZERO, ASKS(CREATE_SYSCTLS, check_sysctls)),
        ROW("CapabilityAdd", STRINGS, ZERO, ASKS(CREATE_CAPABILITIES, check_cap_add)),
        ROW("CapabilityDrop", STRINGS, ANY, BY(check_cap_drop)),
        ROW("Ulimits", STRUCTS, ROWS(schema_ulimit)),
        ROW("OomScoreAdj", INT, FROM_TO(0, 1000)),
};
static const Schema schema_container_spec = {
        .name = "service.create/TaskTemplate/ContainerSpec",
        FIELDS(fields_container_spec),
};

static const Field fields_service_limits[] = {
        ROW("NanoCPUs", INT, FROM(0)),
        ROW("MemoryBytes", INT, FROM(0)),
        ROW("Pids", INT, FROM(0)),
        ROW("GenericResources", ANY, ZERO),
};
static const Schema schema_service_limits = {
        .name = "service.create/TaskTemplate/Resources/Limits",
        FIELDS(fields_service_limits),
};

static const Field fields_service_reservations[] = {
        ROW("NanoCPUs", INT, FROM(0)),
        ROW("MemoryBytes", INT, FROM(0)),
        ROW("GenericResources", ANY, ZERO, ASKS(CREATE_DEVICE_REQUESTS, check_generic_resources)),
};
static const Schema schema_service_reservations = {
        .name = "service.create/TaskTemplate/Resources/Reservations",
        FIELDS(fields_service_reservations),
};

static const Field fields_service_resources[] = {
        ROW("Limits", STRUCT, ROWS(schema_service_limits)),
        ROW("Reservations", STRUCT, ROWS(schema_service_reservations)),
        ROW("SwapBytes", INT, FROM(-1)),
        ROW("MemorySwappiness", INT, FROM_TO(-1, 100)),
};
static const Schema schema_service_resources = {
        .name = "service.create/TaskTemplate/Resources",
        FIELDS(fields_service_resources),
};

static const Field fields_service_restart_policy[] = {
        ROW("Condition", STRING, WORDS("|none"), ASKS(CREATE_RESTART_POLICIES,
            check_service_restart)),
        ROW("Delay", INT, ANY),
        ROW("MaxAttempts", INT, ANY, U64),
        ROW("Window", INT, ANY),
};
static const Schema schema_service_restart_policy = {
        .name = "service.create/TaskTemplate/RestartPolicy",
        FIELDS(fields_service_restart_policy),
};

static const Field fields_placement[] = {
        ROW("Constraints", STRINGS, ANY),
        ROW("Preferences", ANY, ANY),
        ROW("MaxReplicas", INT, ANY, U64),
        ROW("Platforms", ANY, ANY),
};
static const Schema schema_placement = {
        .name = "service.create/TaskTemplate/Placement",
        FIELDS(fields_placement),
};

static const Field fields_service_network[] = {
        ROW("Target", STRING, NONE, ASKS(CREATE_NETWORKS, check_service_network)),
        ROW("Aliases", STRINGS, ANY),
        ROW("DriverOpts", MAP_STRING, ZERO),
};
static const Schema schema_service_network = {
        .name = "service.create/Networks[]",
        FIELDS(fields_service_network),
};

static const Field fields_log_driver[] = {
        ROW("Name", STRING, ZERO, ASKS(CREATE_LOG_DRIVERS, check_later)),
        ROW("Options", MAP_STRING, ZERO, ASKS(CREATE_LOG_DRIVERS, check_later)),
};
static const Schema schema_log_driver = {
        .name = "service.create/TaskTemplate/LogDriver",
        FIELDS(fields_log_driver),
        .check = check_service_log_driver,
};

static const Field fields_task_template[] = {
        ROW("ContainerSpec", STRUCT, ROWS(schema_container_spec)),
        ROW("PluginSpec", ANY, ZERO),
        ROW("NetworkAttachmentSpec", ANY, ZERO),
        ROW("Resources", STRUCT, ROWS(schema_service_resources)),
        ROW("RestartPolicy", STRUCT, ROWS(schema_service_restart_policy)),
        ROW("Placement", STRUCT, ROWS(schema_placement)),
        ROW("Networks", STRUCTS, ROWS(schema_service_network)),
        ROW("LogDriver", STRUCT, ROWS(schema_log_driver)),
        ROW("ForceUpdate", INT, ANY, U64),
        ROW("Runtime", STRING, WORDS("|container")),
};
static const Schema schema_task_template = {
        .name = "service.create/TaskTemplate",
        FIELDS(fields_task_template),
};

static const Field fields_replicated[] = {
        ROW("Replicas", INT, ANY, U64),
};
static const Schema schema_replicated = {
        .name = "service.create/Mode/Replicated",
        FIELDS(fields_replicated),
};

static const Field fields_replicated_job[] = {
        ROW("MaxConcurrent", INT, ANY, U64),
        ROW("TotalCompletions", INT, ANY, U64),
};
static const Schema schema_replicated_job = {
        .name = "service.create/Mode/ReplicatedJob",
        FIELDS(fields_replicated_job),
};

static const Field fields_service_mode[] = {
        ROW("Replicated", STRUCT, ROWS(schema_replicated)),
        ROW("Global", ANY, ZERO),
        ROW("ReplicatedJob", STRUCT, ROWS(schema_replicated_job)),
        ROW("GlobalJob", ANY, ZERO),
};
static const Schema schema_service_mode = {
        .name = "service.create/Mode",
        FIELDS(fields_service_mode),
};

static const Field fields_service_update_config[] = {
        ROW("Parallelism", INT, ANY, U64),
        ROW("Delay", INT, ANY),
        ROW("FailureAction", STRING, ANY),
        ROW("Monitor", INT, ANY),
        ROW("MaxFailureRatio", FLOAT, ANY),
        ROW("Order", STRING, ANY),
};
static const Schema schema_service_update_config = {
        .name = "service.create/UpdateConfig",
        FIELDS(fields_service_update_config),
};

static const Field fields_service_port[] = {
        ROW("Name", STRING, ANY),
        ROW("Protocol", STRING, WORDS("|tcp|udp|sctp")),
        ROW("TargetPort", INT, FROM_TO(0, 65535), U32),
        ROW("PublishedPort", INT, NONE, U32, ASKS(CREATE_PORTS, check_later)),
        ROW("PublishMode", STRING, WORDS("|ingress|host")),
};
static const Schema schema_service_port = {
        .name = "service.create/EndpointSpec/Ports[]",
        FIELDS(fields_service_port),
        .check = check_service_port,
};

static const Field fields_service_endpoint_spec[] = {
        ROW("Mode", STRING, ANY),
        ROW("Ports", STRUCTS, ROWS(schema_service_port)),
};
static const Schema schema_service_endpoint_spec = {
        .name = "service.create/EndpointSpec",
        FIELDS(fields_service_endpoint_spec),
};

static const Field fields_service_create[] = {
        ROW("Name", STRING, ANY),
        ROW("Labels", MAP_STRING, ANY, BY(check_labels)),
        ROW("TaskTemplate", STRUCT, ROWS(schema_task_template)),
        ROW("Mode", STRUCT, ROWS(schema_service_mode)),
        ROW("UpdateConfig", STRUCT, ROWS(schema_service_update_config)),
        ROW("RollbackConfig", STRUCT, ROWS(schema_service_update_config)),
        ROW("Networks", STRUCTS, ROWS(schema_service_network)),
        ROW("EndpointSpec", STRUCT, ROWS(schema_service_endpoint_spec)),
};
const Schema schema_service_create = {
        .name = "service.create",
        FIELDS(fields_service_create),
        .check = check_service_create,
};
/* clang-format on */
