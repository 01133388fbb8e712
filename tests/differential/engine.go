// SPDX-License-Identifier: Apache-2.0

// The bodies of the Docker Engine API as the engine's own Go program declares them (api/types of
// 20.10, with what later versions added): only the members that mean something, in the spelling
// of their tags. What encoding/json makes of a body is then what the engine would do.

package main

import "encoding/json"

// A list of strings that may be written as one string.
type StrSlice []string

func (s *StrSlice) UnmarshalJSON(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	list := make([]string, 0, 1)
	if err := json.Unmarshal(b, &list); err != nil {
		var one string
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		list = append(list, one)
	}
	*s = list
	return nil
}

type Healthcheck struct {
	Test          []string
	Interval      int64
	Timeout       int64
	StartPeriod   int64
	StartInterval int64
	Retries       int
}

type Config struct {
	Hostname        string
	Domainname      string
	User            string
	AttachStdin     bool
	AttachStdout    bool
	AttachStderr    bool
	ExposedPorts    map[string]struct{} `json:",omitempty"`
	Tty             bool
	OpenStdin       bool
	StdinOnce       bool
	Env             []string
	Cmd             StrSlice
	Healthcheck     *Healthcheck `json:",omitempty"`
	ArgsEscaped     bool         `json:",omitempty"`
	Image           string
	Volumes         map[string]struct{}
	WorkingDir      string
	Entrypoint      StrSlice
	NetworkDisabled bool   `json:",omitempty"`
	MacAddress      string `json:",omitempty"`
	OnBuild         []string
	Labels          map[string]string
	StopSignal      string   `json:",omitempty"`
	StopTimeout     *int     `json:",omitempty"`
	Shell           StrSlice `json:",omitempty"`
}

type WeightDevice struct {
	Path   string
	Weight uint16
}

type ThrottleDevice struct {
	Path string
	Rate uint64
}

type DeviceMapping struct {
	PathOnHost        string
	PathInContainer   string
	CgroupPermissions string
}

type DeviceRequest struct {
	Driver       string
	Count        int
	DeviceIDs    []string
	Capabilities [][]string
	Options      map[string]string
}

type Ulimit struct {
	Name string
	Hard int64
	Soft int64
}

type Resources struct {
	CPUShares            int64 `json:"CpuShares"`
	Memory               int64
	NanoCPUs             int64 `json:"NanoCpus"`
	CgroupParent         string
	BlkioWeight          uint16
	BlkioWeightDevice    []*WeightDevice
	BlkioDeviceReadBps   []*ThrottleDevice
	BlkioDeviceWriteBps  []*ThrottleDevice
	BlkioDeviceReadIOps  []*ThrottleDevice
	BlkioDeviceWriteIOps []*ThrottleDevice
	CPUPeriod            int64 `json:"CpuPeriod"`
	CPUQuota             int64 `json:"CpuQuota"`
	CPURealtimePeriod    int64 `json:"CpuRealtimePeriod"`
	CPURealtimeRuntime   int64 `json:"CpuRealtimeRuntime"`
	CpusetCpus           string
	CpusetMems           string
	Devices              []DeviceMapping
	DeviceCgroupRules    []string
	DeviceRequests       []DeviceRequest
	KernelMemory         int64
	KernelMemoryTCP      int64
	MemoryReservation    int64
	MemorySwap           int64
	MemorySwappiness     *int64
	OomKillDisable       *bool
	PidsLimit            *int64
	Ulimits              []*Ulimit
	CPUCount             int64 `json:"CpuCount"`
	CPUPercent           int64 `json:"CpuPercent"`
	IOMaximumIOps        uint64
	IOMaximumBandwidth   uint64
}

type LogConfig struct {
	Type   string
	Config map[string]string
}

type RestartPolicy struct {
	Name              string
	MaximumRetryCount int
}

type PortBinding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

type BindOptions struct {
	Propagation            string
	NonRecursive           bool
	CreateMountpoint       bool
	ReadOnlyNonRecursive   bool
	ReadOnlyForceRecursive bool
}

type VolumeDriver struct {
	Name    string
	Options map[string]string
}

type VolumeOptions struct {
	NoCopy       bool
	Labels       map[string]string
	Subpath      string
	DriverConfig *VolumeDriver
}

type TmpfsOptions struct {
	SizeBytes int64
	Mode      uint32
	Options   [][]string
}

type ImageOptions struct {
	Subpath string
}

type Mount struct {
	Type           string
	Source         string
	Target         string
	ReadOnly       bool
	Consistency    string
	BindOptions    *BindOptions
	VolumeOptions  *VolumeOptions
	TmpfsOptions   *TmpfsOptions
	ImageOptions   *ImageOptions
	ClusterOptions *struct{}
}

type HostConfig struct {
	Binds           []string
	ContainerIDFile string
	LogConfig       LogConfig
	NetworkMode     string
	PortBindings    map[string][]PortBinding
	RestartPolicy   RestartPolicy
	AutoRemove      bool
	VolumeDriver    string
	VolumesFrom     []string
	ConsoleSize     [2]uint
	Annotations     map[string]string

	CapAdd          StrSlice
	CapDrop         StrSlice
	Capabilities    []string
	CgroupnsMode    string
	DNS             []string `json:"Dns"`
	DNSOptions      []string `json:"DnsOptions"`
	DNSSearch       []string `json:"DnsSearch"`
	ExtraHosts      []string
	GroupAdd        []string
	IpcMode         string
	Cgroup          string
	Links           []string
	OomScoreAdj     int
	PidMode         string
	Privileged      bool
	PublishAllPorts bool
	ReadonlyRootfs  bool
	SecurityOpt     []string
	StorageOpt      map[string]string
	Tmpfs           map[string]string
	UTSMode         string
	UsernsMode      string
	ShmSize         int64
	Sysctls         map[string]string
	Runtime         string
	Isolation       string

	Resources

	Mounts        []Mount
	MaskedPaths   []string
	ReadonlyPaths []string
	Init          *bool
	InitPath      string
	DiskQuota     int64
}

type IPAMAddresses struct {
	IPv4Address  string
	IPv6Address  string
	LinkLocalIPs []string
}

type Endpoint struct {
	IPAMConfig          *IPAMAddresses
	Links               []string
	Aliases             []string
	MacAddress          string
	DriverOpts          map[string]string
	GwPriority          int
	NetworkID           string
	EndpointID          string
	Gateway             string
	IPAddress           string
	IPPrefixLen         int
	IPv6Gateway         string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	DNSNames            []string
}

type NetworkingConfig struct {
	EndpointsConfig map[string]*Endpoint
}

// What 26.1 and older decode: members of HostConfig at the top level count, too.
type CreateOld struct {
	*Config
	InnerHostConfig  *HostConfig       `json:"HostConfig,omitempty"`
	Cpuset           string            `json:",omitempty"`
	NetworkingConfig *NetworkingConfig `json:"NetworkingConfig,omitempty"`
	*HostConfig
}

// What the engine makes of both (runconfig/config_unix.go).
func (c *CreateOld) Host() *HostConfig {
	hc := c.HostConfig
	inner := c.InnerHostConfig
	switch {
	case hc == nil:
		hc = inner
	case inner != nil:
		if hc.Memory != 0 && inner.Memory == 0 {
			inner.Memory = hc.Memory
		}
		if hc.MemorySwap != 0 && inner.MemorySwap == 0 {
			inner.MemorySwap = hc.MemorySwap
		}
		if hc.CPUShares != 0 && inner.CPUShares == 0 {
			inner.CPUShares = hc.CPUShares
		}
		if hc.CpusetCpus != "" && inner.CpusetCpus == "" {
			inner.CpusetCpus = hc.CpusetCpus
		}
		if hc.VolumeDriver != "" && inner.VolumeDriver == "" {
			inner.VolumeDriver = hc.VolumeDriver
		}
		hc = inner
	}
	if hc == nil {
		hc = &HostConfig{}
	}
	if c.Cpuset != "" && hc.CpusetCpus == "" {
		hc.CpusetCpus = c.Cpuset
	}
	return hc
}

// What 27 and newer decode.
type CreateNew struct {
	*Config
	HostConfig       *HostConfig
	NetworkingConfig *NetworkingConfig
}

type Update struct {
	Resources
	RestartPolicy RestartPolicy
}

type ExecCreate struct {
	User         string
	Privileged   bool
	Tty          bool
	ConsoleSize  *[2]uint
	AttachStdin  bool
	AttachStderr bool
	AttachStdout bool
	Detach       bool
	DetachKeys   string
	Env          []string
	WorkingDir   string
	Cmd          []string
}

type ExecStart struct {
	Detach      bool
	Tty         bool
	ConsoleSize *[2]uint
}

type VolumeCreate struct {
	ClusterVolumeSpec json.RawMessage
	Driver            string
	DriverOpts        map[string]string
	Labels            map[string]string
	Name              string
}

type IPAMConfig struct {
	Subnet     string
	IPRange    string
	Gateway    string
	AuxAddress map[string]string `json:"AuxiliaryAddresses"`
}

type IPAM struct {
	Driver  string
	Options map[string]string
	Config  []IPAMConfig
}

type ConfigReference struct {
	Network string
}

type NetworkCreate struct {
	Name           string
	CheckDuplicate bool
	Driver         string
	Scope          string
	EnableIPv4     *bool
	EnableIPv6     *bool
	IPAM           *IPAM
	Internal       bool
	Attachable     bool
	Ingress        bool
	ConfigOnly     bool
	ConfigFrom     *ConfigReference
	Options        map[string]string
	Labels         map[string]string
}

type NetworkConnect struct {
	Container      string
	EndpointConfig *Endpoint
}

type NetworkDisconnect struct {
	Container string
	Force     bool
}
