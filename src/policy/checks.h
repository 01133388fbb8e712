/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that rows and schemas name: what an ini key allows beyond the harmless. Each has the
 * shape of FieldCheck; a row's check sees the whole value of its member (a whole list or map),
 * types are right already, and BODY_NULL stands for absent. Members are judged in the order of
 * their rows, not of the body: in container.create Volumes comes after HostConfig.
 */
#pragma once

#include "policy/schema.h"

/* judge.c: for every body. LATER: the check of the whole object (or list) judges this member. */
FieldCheck check_later;
FieldCheck check_console_size; /* two integers, 0 to 65535 */

/* container.create */
FieldCheck check_user;    /* User, ContainerSpec.User; NONE: absent is the image's user */
FieldCheck check_image;   /* Image, ContainerSpec.Image; NONE */
FieldCheck check_volumes; /* Volumes {path: {}}: targets known from HostConfig, or anonymous */
FieldCheck check_static_address; /* MacAddress, IPv4Address, IPv6Address, LinkLocalIPs */
FieldCheck check_labels;         /* Labels, not null: deny-labels */
FieldCheck check_body_name;      /* name equals ?name= */
FieldCheck check_binds;
FieldCheck check_network_mode;  /* NONE: absent is "default" */
FieldCheck check_port_bindings; /* the whole map, HostIp and HostPort of its elements too */
FieldCheck check_publish_all;
FieldCheck check_cap_add;  /* string or list */
FieldCheck check_cap_drop; /* the same; any that has a name */
FieldCheck check_cgroupns_mode;
FieldCheck check_ipc_mode;
FieldCheck check_pid_mode;
FieldCheck check_uts_mode;
FieldCheck check_userns_mode;
FieldCheck check_dns; /* lists: Dns, DnsOptions, DnsSearch, Nameservers, Search, Options */
FieldCheck check_extra_hosts;
FieldCheck check_group_add; /* list of [1-9][0-9]{0,8} */
FieldCheck check_links;     /* HostConfig.Links, EndpointsConfig{}.Links */
FieldCheck check_privileged;
FieldCheck check_security_opt;
FieldCheck check_tmpfs;
FieldCheck check_sysctls;
FieldCheck check_runtime;
FieldCheck check_masked_paths;
FieldCheck check_readonly_paths;
FieldCheck check_restart_policy;     /* RestartPolicy.Name */
FieldCheck check_device;             /* Devices[].PathOnHost; NONE */
FieldCheck check_cgroup_permissions; /* [rwm]{0,3} */
FieldCheck check_device_requests;    /* the list, Driver, DeviceIDs, Capabilities too */
FieldCheck check_endpoints_config;   /* the map's keys; its values follow by rows */
FieldCheck check_endpoint_state;     /* NetworkID ... DNSNames */

/* Of whole objects, which are BODY_NULL when absent or null. */
SchemaCheck check_container_create; /* require, project label, ?name= */
SchemaCheck check_log_config;       /* Type, Config */
SchemaCheck check_mount;            /* Mounts[]: Type, Source, Target, options by type */

/* container.update */
FieldCheck check_update_number; /* PidsLimit 0 too */
FieldCheck check_update_cpuset; /* CpusetCpus, CpusetMems */
FieldCheck check_update_restart;

/* exec.create */
FieldCheck check_exec_user;
FieldCheck check_exec_privileged;
FieldCheck check_exec_env;
FieldCheck check_exec_working_dir;
FieldCheck check_exec_command;   /* Cmd; NONE */
FieldCheck check_exec_container; /* Container equals the slot */

/* network.create, network.connect, network.disconnect */
FieldCheck check_network_name; /* NONE */
FieldCheck check_network_driver;
FieldCheck check_network_options;
FieldCheck check_network_subnet;    /* Subnet, IPRange, Gateway: texts */
FieldCheck check_network_addresses; /* AuxiliaryAddresses: map */
FieldCheck check_connect_container; /* Container, not null: scope */
SchemaCheck check_network_create;   /* project label */
SchemaCheck check_network_connect;  /* the slot, Container absent; disconnect too */

/* volume.create */
FieldCheck check_volume_name; /* NONE: absent is a random name */
FieldCheck check_volume_driver;
FieldCheck check_volume_options; /* DriverOpts; the driver is a member of j->root */
SchemaCheck check_volume_create; /* project label */

/* service.create, service.update */
FieldCheck check_service_secret;      /* Secrets[].SecretName; NONE */
FieldCheck check_service_config;      /* Configs[].ConfigName; NONE */
FieldCheck check_service_network;     /* Networks[].Target; NONE */
FieldCheck check_service_restart;     /* RestartPolicy.Condition */
FieldCheck check_generic_resources;   /* not looked into: device-requests */
SchemaCheck check_service_log_driver; /* Name, Options */
SchemaCheck check_service_port;       /* Ports[]: PublishedPort, Protocol */
SchemaCheck check_service_create;     /* require, project label */
