/* SPDX-License-Identifier: Apache-2.0 */
/* Made by scripts/pod-types from the OpenAPI description of Kubernetes' core API, v1.34.4 (k8s.io/kubernetes,
 * api/openapi-spec/v3/api__v1_openapi.json; (c) The Kubernetes Authors, Apache-2.0). Do not edit it: run the script. */
#include "mpijob/inspect/pod_types.h"

/* clang-format off */
#define ONE(name, kind) {name, SHAPE_ONE, POD_##kind, 0}
#define LIST(name, kind) {name, SHAPE_LIST, POD_##kind, 0}
#define MAP(name, kind) {name, SHAPE_MAP, POD_##kind, 0}
#define OBJECT(name, type) {name, SHAPE_ONE, POD_OBJECT, OF_##type}
#define OBJECTS(name, type) {name, SHAPE_LIST, POD_OBJECT, OF_##type}
#define TYPE(type) [OF_##type] = {#type, of_##type, sizeof of_##type / sizeof *of_##type}

enum { OF_AWSElasticBlockStoreVolumeSource, OF_Affinity, OF_AppArmorProfile, OF_AzureDiskVolumeSource,
    OF_AzureFileVolumeSource, OF_CSIVolumeSource, OF_Capabilities, OF_CephFSVolumeSource, OF_CinderVolumeSource,
    OF_ClusterTrustBundleProjection, OF_ConfigMapEnvSource, OF_ConfigMapKeySelector, OF_ConfigMapProjection,
    OF_ConfigMapVolumeSource, OF_Container, OF_ContainerPort, OF_ContainerResizePolicy, OF_ContainerRestartRule,
    OF_ContainerRestartRuleOnExitCodes, OF_DownwardAPIProjection, OF_DownwardAPIVolumeFile,
    OF_DownwardAPIVolumeSource, OF_EmptyDirVolumeSource, OF_EnvFromSource, OF_EnvVar, OF_EnvVarSource,
    OF_EphemeralContainer, OF_EphemeralVolumeSource, OF_ExecAction, OF_FCVolumeSource, OF_FileKeySelector,
    OF_FlexVolumeSource, OF_FlockerVolumeSource, OF_GCEPersistentDiskVolumeSource, OF_GRPCAction,
    OF_GitRepoVolumeSource, OF_GlusterfsVolumeSource, OF_HTTPGetAction, OF_HTTPHeader, OF_HostAlias,
    OF_HostPathVolumeSource, OF_ISCSIVolumeSource, OF_ImageVolumeSource, OF_KeyToPath, OF_LabelSelector,
    OF_LabelSelectorRequirement, OF_Lifecycle, OF_LifecycleHandler, OF_LocalObjectReference, OF_ManagedFieldsEntry,
    OF_NFSVolumeSource, OF_NodeAffinity, OF_NodeSelector, OF_NodeSelectorRequirement, OF_NodeSelectorTerm,
    OF_ObjectFieldSelector, OF_ObjectMeta, OF_OwnerReference, OF_PersistentVolumeClaimSpec,
    OF_PersistentVolumeClaimTemplate, OF_PersistentVolumeClaimVolumeSource, OF_PhotonPersistentDiskVolumeSource,
    OF_PodAffinity, OF_PodAffinityTerm, OF_PodAntiAffinity, OF_PodCertificateProjection, OF_PodDNSConfig,
    OF_PodDNSConfigOption, OF_PodOS, OF_PodReadinessGate, OF_PodResourceClaim, OF_PodSchedulingGate,
    OF_PodSecurityContext, OF_PodSpec, OF_PodTemplateSpec, OF_PortworxVolumeSource, OF_PreferredSchedulingTerm,
    OF_Probe, OF_ProjectedVolumeSource, OF_QuobyteVolumeSource, OF_RBDVolumeSource, OF_ResourceClaim,
    OF_ResourceFieldSelector, OF_ResourceRequirements, OF_SELinuxOptions, OF_ScaleIOVolumeSource, OF_SeccompProfile,
    OF_SecretEnvSource, OF_SecretKeySelector, OF_SecretProjection, OF_SecretVolumeSource, OF_SecurityContext,
    OF_ServiceAccountTokenProjection, OF_SleepAction, OF_StorageOSVolumeSource, OF_Sysctl, OF_TCPSocketAction,
    OF_Toleration, OF_TopologySpreadConstraint, OF_TypedLocalObjectReference, OF_TypedObjectReference, OF_Volume,
    OF_VolumeDevice, OF_VolumeMount, OF_VolumeProjection, OF_VolumeResourceRequirements,
    OF_VsphereVirtualDiskVolumeSource, OF_WeightedPodAffinityTerm, OF_WindowsSecurityContextOptions };

static const struct pod_field of_AWSElasticBlockStoreVolumeSource[] = {ONE("fsType", TEXT), ONE("partition", INT32),
    ONE("readOnly", BOOL), ONE("volumeID", TEXT)};
static const struct pod_field of_Affinity[] = {OBJECT("nodeAffinity", NodeAffinity),
    OBJECT("podAffinity", PodAffinity), OBJECT("podAntiAffinity", PodAntiAffinity)};
static const struct pod_field of_AppArmorProfile[] = {ONE("localhostProfile", TEXT), ONE("type", TEXT)};
static const struct pod_field of_AzureDiskVolumeSource[] = {ONE("cachingMode", TEXT), ONE("diskName", TEXT),
    ONE("diskURI", TEXT), ONE("fsType", TEXT), ONE("kind", TEXT), ONE("readOnly", BOOL)};
static const struct pod_field of_AzureFileVolumeSource[] = {ONE("readOnly", BOOL), ONE("secretName", TEXT),
    ONE("shareName", TEXT)};
static const struct pod_field of_CSIVolumeSource[] = {ONE("driver", TEXT), ONE("fsType", TEXT),
    OBJECT("nodePublishSecretRef", LocalObjectReference), ONE("readOnly", BOOL), MAP("volumeAttributes", TEXT)};
static const struct pod_field of_Capabilities[] = {LIST("add", TEXT), LIST("drop", TEXT)};
static const struct pod_field of_CephFSVolumeSource[] = {LIST("monitors", TEXT), ONE("path", TEXT),
    ONE("readOnly", BOOL), ONE("secretFile", TEXT), OBJECT("secretRef", LocalObjectReference), ONE("user", TEXT)};
static const struct pod_field of_CinderVolumeSource[] = {ONE("fsType", TEXT), ONE("readOnly", BOOL),
    OBJECT("secretRef", LocalObjectReference), ONE("volumeID", TEXT)};
static const struct pod_field of_ClusterTrustBundleProjection[] = {OBJECT("labelSelector", LabelSelector),
    ONE("name", TEXT), ONE("optional", BOOL), ONE("path", TEXT), ONE("signerName", TEXT)};
static const struct pod_field of_ConfigMapEnvSource[] = {ONE("name", TEXT), ONE("optional", BOOL)};
static const struct pod_field of_ConfigMapKeySelector[] = {ONE("key", TEXT), ONE("name", TEXT),
    ONE("optional", BOOL)};
static const struct pod_field of_ConfigMapProjection[] = {OBJECTS("items", KeyToPath), ONE("name", TEXT),
    ONE("optional", BOOL)};
static const struct pod_field of_ConfigMapVolumeSource[] = {ONE("defaultMode", INT32), OBJECTS("items", KeyToPath),
    ONE("name", TEXT), ONE("optional", BOOL)};
static const struct pod_field of_Container[] = {LIST("args", TEXT), LIST("command", TEXT), OBJECTS("env", EnvVar),
    OBJECTS("envFrom", EnvFromSource), ONE("image", TEXT), ONE("imagePullPolicy", TEXT),
    OBJECT("lifecycle", Lifecycle), OBJECT("livenessProbe", Probe), ONE("name", TEXT),
    OBJECTS("ports", ContainerPort), OBJECT("readinessProbe", Probe), OBJECTS("resizePolicy", ContainerResizePolicy),
    OBJECT("resources", ResourceRequirements), ONE("restartPolicy", TEXT),
    OBJECTS("restartPolicyRules", ContainerRestartRule), OBJECT("securityContext", SecurityContext),
    OBJECT("startupProbe", Probe), ONE("stdin", BOOL), ONE("stdinOnce", BOOL), ONE("terminationMessagePath", TEXT),
    ONE("terminationMessagePolicy", TEXT), ONE("tty", BOOL), OBJECTS("volumeDevices", VolumeDevice),
    OBJECTS("volumeMounts", VolumeMount), ONE("workingDir", TEXT)};
static const struct pod_field of_ContainerPort[] = {ONE("containerPort", INT32), ONE("hostIP", TEXT),
    ONE("hostPort", INT32), ONE("name", TEXT), ONE("protocol", TEXT)};
static const struct pod_field of_ContainerResizePolicy[] = {ONE("resourceName", TEXT), ONE("restartPolicy", TEXT)};
static const struct pod_field of_ContainerRestartRule[] = {ONE("action", TEXT),
    OBJECT("exitCodes", ContainerRestartRuleOnExitCodes)};
static const struct pod_field of_ContainerRestartRuleOnExitCodes[] = {ONE("operator", TEXT), LIST("values", INT32)};
static const struct pod_field of_DownwardAPIProjection[] = {OBJECTS("items", DownwardAPIVolumeFile)};
static const struct pod_field of_DownwardAPIVolumeFile[] = {OBJECT("fieldRef", ObjectFieldSelector),
    ONE("mode", INT32), ONE("path", TEXT), OBJECT("resourceFieldRef", ResourceFieldSelector)};
static const struct pod_field of_DownwardAPIVolumeSource[] = {ONE("defaultMode", INT32),
    OBJECTS("items", DownwardAPIVolumeFile)};
static const struct pod_field of_EmptyDirVolumeSource[] = {ONE("medium", TEXT), ONE("sizeLimit", QUANTITY)};
static const struct pod_field of_EnvFromSource[] = {OBJECT("configMapRef", ConfigMapEnvSource), ONE("prefix", TEXT),
    OBJECT("secretRef", SecretEnvSource)};
static const struct pod_field of_EnvVar[] = {ONE("name", TEXT), ONE("value", TEXT),
    OBJECT("valueFrom", EnvVarSource)};
static const struct pod_field of_EnvVarSource[] = {OBJECT("configMapKeyRef", ConfigMapKeySelector),
    OBJECT("fieldRef", ObjectFieldSelector), OBJECT("fileKeyRef", FileKeySelector),
    OBJECT("resourceFieldRef", ResourceFieldSelector), OBJECT("secretKeyRef", SecretKeySelector)};
static const struct pod_field of_EphemeralContainer[] = {LIST("args", TEXT), LIST("command", TEXT),
    OBJECTS("env", EnvVar), OBJECTS("envFrom", EnvFromSource), ONE("image", TEXT), ONE("imagePullPolicy", TEXT),
    OBJECT("lifecycle", Lifecycle), OBJECT("livenessProbe", Probe), ONE("name", TEXT),
    OBJECTS("ports", ContainerPort), OBJECT("readinessProbe", Probe), OBJECTS("resizePolicy", ContainerResizePolicy),
    OBJECT("resources", ResourceRequirements), ONE("restartPolicy", TEXT),
    OBJECTS("restartPolicyRules", ContainerRestartRule), OBJECT("securityContext", SecurityContext),
    OBJECT("startupProbe", Probe), ONE("stdin", BOOL), ONE("stdinOnce", BOOL), ONE("targetContainerName", TEXT),
    ONE("terminationMessagePath", TEXT), ONE("terminationMessagePolicy", TEXT), ONE("tty", BOOL),
    OBJECTS("volumeDevices", VolumeDevice), OBJECTS("volumeMounts", VolumeMount), ONE("workingDir", TEXT)};
static const struct pod_field of_EphemeralVolumeSource[] = {
    OBJECT("volumeClaimTemplate", PersistentVolumeClaimTemplate)};
static const struct pod_field of_ExecAction[] = {LIST("command", TEXT)};
static const struct pod_field of_FCVolumeSource[] = {ONE("fsType", TEXT), ONE("lun", INT32), ONE("readOnly", BOOL),
    LIST("targetWWNs", TEXT), LIST("wwids", TEXT)};
static const struct pod_field of_FileKeySelector[] = {ONE("key", TEXT), ONE("optional", BOOL), ONE("path", TEXT),
    ONE("volumeName", TEXT)};
static const struct pod_field of_FlexVolumeSource[] = {ONE("driver", TEXT), ONE("fsType", TEXT),
    MAP("options", TEXT), ONE("readOnly", BOOL), OBJECT("secretRef", LocalObjectReference)};
static const struct pod_field of_FlockerVolumeSource[] = {ONE("datasetName", TEXT), ONE("datasetUUID", TEXT)};
static const struct pod_field of_GCEPersistentDiskVolumeSource[] = {ONE("fsType", TEXT), ONE("partition", INT32),
    ONE("pdName", TEXT), ONE("readOnly", BOOL)};
static const struct pod_field of_GRPCAction[] = {ONE("port", INT32), ONE("service", TEXT)};
static const struct pod_field of_GitRepoVolumeSource[] = {ONE("directory", TEXT), ONE("repository", TEXT),
    ONE("revision", TEXT)};
static const struct pod_field of_GlusterfsVolumeSource[] = {ONE("endpoints", TEXT), ONE("path", TEXT),
    ONE("readOnly", BOOL)};
static const struct pod_field of_HTTPGetAction[] = {ONE("host", TEXT), OBJECTS("httpHeaders", HTTPHeader),
    ONE("path", TEXT), ONE("port", INT_OR_TEXT), ONE("scheme", TEXT)};
static const struct pod_field of_HTTPHeader[] = {ONE("name", TEXT), ONE("value", TEXT)};
static const struct pod_field of_HostAlias[] = {LIST("hostnames", TEXT), ONE("ip", TEXT)};
static const struct pod_field of_HostPathVolumeSource[] = {ONE("path", TEXT), ONE("type", TEXT)};
static const struct pod_field of_ISCSIVolumeSource[] = {ONE("chapAuthDiscovery", BOOL), ONE("chapAuthSession", BOOL),
    ONE("fsType", TEXT), ONE("initiatorName", TEXT), ONE("iqn", TEXT), ONE("iscsiInterface", TEXT),
    ONE("lun", INT32), LIST("portals", TEXT), ONE("readOnly", BOOL), OBJECT("secretRef", LocalObjectReference),
    ONE("targetPortal", TEXT)};
static const struct pod_field of_ImageVolumeSource[] = {ONE("pullPolicy", TEXT), ONE("reference", TEXT)};
static const struct pod_field of_KeyToPath[] = {ONE("key", TEXT), ONE("mode", INT32), ONE("path", TEXT)};
static const struct pod_field of_LabelSelector[] = {OBJECTS("matchExpressions", LabelSelectorRequirement),
    MAP("matchLabels", TEXT)};
static const struct pod_field of_LabelSelectorRequirement[] = {ONE("key", TEXT), ONE("operator", TEXT),
    LIST("values", TEXT)};
static const struct pod_field of_Lifecycle[] = {OBJECT("postStart", LifecycleHandler),
    OBJECT("preStop", LifecycleHandler), ONE("stopSignal", TEXT)};
static const struct pod_field of_LifecycleHandler[] = {OBJECT("exec", ExecAction), OBJECT("httpGet", HTTPGetAction),
    OBJECT("sleep", SleepAction), OBJECT("tcpSocket", TCPSocketAction)};
static const struct pod_field of_LocalObjectReference[] = {ONE("name", TEXT)};
static const struct pod_field of_ManagedFieldsEntry[] = {ONE("apiVersion", TEXT), ONE("fieldsType", TEXT),
    ONE("fieldsV1", ANYTHING), ONE("manager", TEXT), ONE("operation", TEXT), ONE("subresource", TEXT),
    ONE("time", TIME)};
static const struct pod_field of_NFSVolumeSource[] = {ONE("path", TEXT), ONE("readOnly", BOOL), ONE("server", TEXT)};
static const struct pod_field of_NodeAffinity[] = {
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", PreferredSchedulingTerm),
    OBJECT("requiredDuringSchedulingIgnoredDuringExecution", NodeSelector)};
static const struct pod_field of_NodeSelector[] = {OBJECTS("nodeSelectorTerms", NodeSelectorTerm)};
static const struct pod_field of_NodeSelectorRequirement[] = {ONE("key", TEXT), ONE("operator", TEXT),
    LIST("values", TEXT)};
static const struct pod_field of_NodeSelectorTerm[] = {OBJECTS("matchExpressions", NodeSelectorRequirement),
    OBJECTS("matchFields", NodeSelectorRequirement)};
static const struct pod_field of_ObjectFieldSelector[] = {ONE("apiVersion", TEXT), ONE("fieldPath", TEXT)};
static const struct pod_field of_ObjectMeta[] = {MAP("annotations", TEXT), ONE("creationTimestamp", TIME),
    ONE("deletionGracePeriodSeconds", INT64), ONE("deletionTimestamp", TIME), LIST("finalizers", TEXT),
    ONE("generateName", TEXT), ONE("generation", INT64), MAP("labels", TEXT),
    OBJECTS("managedFields", ManagedFieldsEntry), ONE("name", TEXT), ONE("namespace", TEXT),
    OBJECTS("ownerReferences", OwnerReference), ONE("resourceVersion", TEXT), ONE("selfLink", TEXT),
    ONE("uid", TEXT)};
static const struct pod_field of_OwnerReference[] = {ONE("apiVersion", TEXT), ONE("blockOwnerDeletion", BOOL),
    ONE("controller", BOOL), ONE("kind", TEXT), ONE("name", TEXT), ONE("uid", TEXT)};
static const struct pod_field of_PersistentVolumeClaimSpec[] = {LIST("accessModes", TEXT),
    OBJECT("dataSource", TypedLocalObjectReference), OBJECT("dataSourceRef", TypedObjectReference),
    OBJECT("resources", VolumeResourceRequirements), OBJECT("selector", LabelSelector),
    ONE("storageClassName", TEXT), ONE("volumeAttributesClassName", TEXT), ONE("volumeMode", TEXT),
    ONE("volumeName", TEXT)};
static const struct pod_field of_PersistentVolumeClaimTemplate[] = {OBJECT("metadata", ObjectMeta),
    OBJECT("spec", PersistentVolumeClaimSpec)};
static const struct pod_field of_PersistentVolumeClaimVolumeSource[] = {ONE("claimName", TEXT),
    ONE("readOnly", BOOL)};
static const struct pod_field of_PhotonPersistentDiskVolumeSource[] = {ONE("fsType", TEXT), ONE("pdID", TEXT)};
static const struct pod_field of_PodAffinity[] = {
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", WeightedPodAffinityTerm),
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", PodAffinityTerm)};
static const struct pod_field of_PodAffinityTerm[] = {OBJECT("labelSelector", LabelSelector),
    LIST("matchLabelKeys", TEXT), LIST("mismatchLabelKeys", TEXT), OBJECT("namespaceSelector", LabelSelector),
    LIST("namespaces", TEXT), ONE("topologyKey", TEXT)};
static const struct pod_field of_PodAntiAffinity[] = {
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", WeightedPodAffinityTerm),
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", PodAffinityTerm)};
static const struct pod_field of_PodCertificateProjection[] = {ONE("certificateChainPath", TEXT),
    ONE("credentialBundlePath", TEXT), ONE("keyPath", TEXT), ONE("keyType", TEXT),
    ONE("maxExpirationSeconds", INT32), ONE("signerName", TEXT)};
static const struct pod_field of_PodDNSConfig[] = {LIST("nameservers", TEXT), OBJECTS("options", PodDNSConfigOption),
    LIST("searches", TEXT)};
static const struct pod_field of_PodDNSConfigOption[] = {ONE("name", TEXT), ONE("value", TEXT)};
static const struct pod_field of_PodOS[] = {ONE("name", TEXT)};
static const struct pod_field of_PodReadinessGate[] = {ONE("conditionType", TEXT)};
static const struct pod_field of_PodResourceClaim[] = {ONE("name", TEXT), ONE("resourceClaimName", TEXT),
    ONE("resourceClaimTemplateName", TEXT)};
static const struct pod_field of_PodSchedulingGate[] = {ONE("name", TEXT)};
static const struct pod_field of_PodSecurityContext[] = {OBJECT("appArmorProfile", AppArmorProfile),
    ONE("fsGroup", INT64), ONE("fsGroupChangePolicy", TEXT), ONE("runAsGroup", INT64), ONE("runAsNonRoot", BOOL),
    ONE("runAsUser", INT64), ONE("seLinuxChangePolicy", TEXT), OBJECT("seLinuxOptions", SELinuxOptions),
    OBJECT("seccompProfile", SeccompProfile), LIST("supplementalGroups", INT64),
    ONE("supplementalGroupsPolicy", TEXT), OBJECTS("sysctls", Sysctl),
    OBJECT("windowsOptions", WindowsSecurityContextOptions)};
static const struct pod_field of_PodSpec[] = {ONE("activeDeadlineSeconds", INT64), OBJECT("affinity", Affinity),
    ONE("automountServiceAccountToken", BOOL), OBJECTS("containers", Container), OBJECT("dnsConfig", PodDNSConfig),
    ONE("dnsPolicy", TEXT), ONE("enableServiceLinks", BOOL), OBJECTS("ephemeralContainers", EphemeralContainer),
    OBJECTS("hostAliases", HostAlias), ONE("hostIPC", BOOL), ONE("hostNetwork", BOOL), ONE("hostPID", BOOL),
    ONE("hostUsers", BOOL), ONE("hostname", TEXT), ONE("hostnameOverride", TEXT),
    OBJECTS("imagePullSecrets", LocalObjectReference), OBJECTS("initContainers", Container), ONE("nodeName", TEXT),
    MAP("nodeSelector", TEXT), OBJECT("os", PodOS), MAP("overhead", QUANTITY), ONE("preemptionPolicy", TEXT),
    ONE("priority", INT32), ONE("priorityClassName", TEXT), OBJECTS("readinessGates", PodReadinessGate),
    OBJECTS("resourceClaims", PodResourceClaim), OBJECT("resources", ResourceRequirements),
    ONE("restartPolicy", TEXT), ONE("runtimeClassName", TEXT), ONE("schedulerName", TEXT),
    OBJECTS("schedulingGates", PodSchedulingGate), OBJECT("securityContext", PodSecurityContext),
    ONE("serviceAccount", TEXT), ONE("serviceAccountName", TEXT), ONE("setHostnameAsFQDN", BOOL),
    ONE("shareProcessNamespace", BOOL), ONE("subdomain", TEXT), ONE("terminationGracePeriodSeconds", INT64),
    OBJECTS("tolerations", Toleration), OBJECTS("topologySpreadConstraints", TopologySpreadConstraint),
    OBJECTS("volumes", Volume)};
static const struct pod_field of_PodTemplateSpec[] = {OBJECT("metadata", ObjectMeta), OBJECT("spec", PodSpec)};
static const struct pod_field of_PortworxVolumeSource[] = {ONE("fsType", TEXT), ONE("readOnly", BOOL),
    ONE("volumeID", TEXT)};
static const struct pod_field of_PreferredSchedulingTerm[] = {OBJECT("preference", NodeSelectorTerm),
    ONE("weight", INT32)};
static const struct pod_field of_Probe[] = {OBJECT("exec", ExecAction), ONE("failureThreshold", INT32),
    OBJECT("grpc", GRPCAction), OBJECT("httpGet", HTTPGetAction), ONE("initialDelaySeconds", INT32),
    ONE("periodSeconds", INT32), ONE("successThreshold", INT32), OBJECT("tcpSocket", TCPSocketAction),
    ONE("terminationGracePeriodSeconds", INT64), ONE("timeoutSeconds", INT32)};
static const struct pod_field of_ProjectedVolumeSource[] = {ONE("defaultMode", INT32),
    OBJECTS("sources", VolumeProjection)};
static const struct pod_field of_QuobyteVolumeSource[] = {ONE("group", TEXT), ONE("readOnly", BOOL),
    ONE("registry", TEXT), ONE("tenant", TEXT), ONE("user", TEXT), ONE("volume", TEXT)};
static const struct pod_field of_RBDVolumeSource[] = {ONE("fsType", TEXT), ONE("image", TEXT), ONE("keyring", TEXT),
    LIST("monitors", TEXT), ONE("pool", TEXT), ONE("readOnly", BOOL), OBJECT("secretRef", LocalObjectReference),
    ONE("user", TEXT)};
static const struct pod_field of_ResourceClaim[] = {ONE("name", TEXT), ONE("request", TEXT)};
static const struct pod_field of_ResourceFieldSelector[] = {ONE("containerName", TEXT), ONE("divisor", QUANTITY),
    ONE("resource", TEXT)};
static const struct pod_field of_ResourceRequirements[] = {OBJECTS("claims", ResourceClaim), MAP("limits", QUANTITY),
    MAP("requests", QUANTITY)};
static const struct pod_field of_SELinuxOptions[] = {ONE("level", TEXT), ONE("role", TEXT), ONE("type", TEXT),
    ONE("user", TEXT)};
static const struct pod_field of_ScaleIOVolumeSource[] = {ONE("fsType", TEXT), ONE("gateway", TEXT),
    ONE("protectionDomain", TEXT), ONE("readOnly", BOOL), OBJECT("secretRef", LocalObjectReference),
    ONE("sslEnabled", BOOL), ONE("storageMode", TEXT), ONE("storagePool", TEXT), ONE("system", TEXT),
    ONE("volumeName", TEXT)};
static const struct pod_field of_SeccompProfile[] = {ONE("localhostProfile", TEXT), ONE("type", TEXT)};
static const struct pod_field of_SecretEnvSource[] = {ONE("name", TEXT), ONE("optional", BOOL)};
static const struct pod_field of_SecretKeySelector[] = {ONE("key", TEXT), ONE("name", TEXT), ONE("optional", BOOL)};
static const struct pod_field of_SecretProjection[] = {OBJECTS("items", KeyToPath), ONE("name", TEXT),
    ONE("optional", BOOL)};
static const struct pod_field of_SecretVolumeSource[] = {ONE("defaultMode", INT32), OBJECTS("items", KeyToPath),
    ONE("optional", BOOL), ONE("secretName", TEXT)};
static const struct pod_field of_SecurityContext[] = {ONE("allowPrivilegeEscalation", BOOL),
    OBJECT("appArmorProfile", AppArmorProfile), OBJECT("capabilities", Capabilities), ONE("privileged", BOOL),
    ONE("procMount", TEXT), ONE("readOnlyRootFilesystem", BOOL), ONE("runAsGroup", INT64), ONE("runAsNonRoot", BOOL),
    ONE("runAsUser", INT64), OBJECT("seLinuxOptions", SELinuxOptions), OBJECT("seccompProfile", SeccompProfile),
    OBJECT("windowsOptions", WindowsSecurityContextOptions)};
static const struct pod_field of_ServiceAccountTokenProjection[] = {ONE("audience", TEXT),
    ONE("expirationSeconds", INT64), ONE("path", TEXT)};
static const struct pod_field of_SleepAction[] = {ONE("seconds", INT64)};
static const struct pod_field of_StorageOSVolumeSource[] = {ONE("fsType", TEXT), ONE("readOnly", BOOL),
    OBJECT("secretRef", LocalObjectReference), ONE("volumeName", TEXT), ONE("volumeNamespace", TEXT)};
static const struct pod_field of_Sysctl[] = {ONE("name", TEXT), ONE("value", TEXT)};
static const struct pod_field of_TCPSocketAction[] = {ONE("host", TEXT), ONE("port", INT_OR_TEXT)};
static const struct pod_field of_Toleration[] = {ONE("effect", TEXT), ONE("key", TEXT), ONE("operator", TEXT),
    ONE("tolerationSeconds", INT64), ONE("value", TEXT)};
static const struct pod_field of_TopologySpreadConstraint[] = {OBJECT("labelSelector", LabelSelector),
    LIST("matchLabelKeys", TEXT), ONE("maxSkew", INT32), ONE("minDomains", INT32), ONE("nodeAffinityPolicy", TEXT),
    ONE("nodeTaintsPolicy", TEXT), ONE("topologyKey", TEXT), ONE("whenUnsatisfiable", TEXT)};
static const struct pod_field of_TypedLocalObjectReference[] = {ONE("apiGroup", TEXT), ONE("kind", TEXT),
    ONE("name", TEXT)};
static const struct pod_field of_TypedObjectReference[] = {ONE("apiGroup", TEXT), ONE("kind", TEXT),
    ONE("name", TEXT), ONE("namespace", TEXT)};
static const struct pod_field of_Volume[] = {OBJECT("awsElasticBlockStore", AWSElasticBlockStoreVolumeSource),
    OBJECT("azureDisk", AzureDiskVolumeSource), OBJECT("azureFile", AzureFileVolumeSource),
    OBJECT("cephfs", CephFSVolumeSource), OBJECT("cinder", CinderVolumeSource),
    OBJECT("configMap", ConfigMapVolumeSource), OBJECT("csi", CSIVolumeSource),
    OBJECT("downwardAPI", DownwardAPIVolumeSource), OBJECT("emptyDir", EmptyDirVolumeSource),
    OBJECT("ephemeral", EphemeralVolumeSource), OBJECT("fc", FCVolumeSource), OBJECT("flexVolume", FlexVolumeSource),
    OBJECT("flocker", FlockerVolumeSource), OBJECT("gcePersistentDisk", GCEPersistentDiskVolumeSource),
    OBJECT("gitRepo", GitRepoVolumeSource), OBJECT("glusterfs", GlusterfsVolumeSource),
    OBJECT("hostPath", HostPathVolumeSource), OBJECT("image", ImageVolumeSource), OBJECT("iscsi", ISCSIVolumeSource),
    ONE("name", TEXT), OBJECT("nfs", NFSVolumeSource),
    OBJECT("persistentVolumeClaim", PersistentVolumeClaimVolumeSource),
    OBJECT("photonPersistentDisk", PhotonPersistentDiskVolumeSource), OBJECT("portworxVolume", PortworxVolumeSource),
    OBJECT("projected", ProjectedVolumeSource), OBJECT("quobyte", QuobyteVolumeSource),
    OBJECT("rbd", RBDVolumeSource), OBJECT("scaleIO", ScaleIOVolumeSource), OBJECT("secret", SecretVolumeSource),
    OBJECT("storageos", StorageOSVolumeSource), OBJECT("vsphereVolume", VsphereVirtualDiskVolumeSource)};
static const struct pod_field of_VolumeDevice[] = {ONE("devicePath", TEXT), ONE("name", TEXT)};
static const struct pod_field of_VolumeMount[] = {ONE("mountPath", TEXT), ONE("mountPropagation", TEXT),
    ONE("name", TEXT), ONE("readOnly", BOOL), ONE("recursiveReadOnly", TEXT), ONE("subPath", TEXT),
    ONE("subPathExpr", TEXT)};
static const struct pod_field of_VolumeProjection[] = {OBJECT("clusterTrustBundle", ClusterTrustBundleProjection),
    OBJECT("configMap", ConfigMapProjection), OBJECT("downwardAPI", DownwardAPIProjection),
    OBJECT("podCertificate", PodCertificateProjection), OBJECT("secret", SecretProjection),
    OBJECT("serviceAccountToken", ServiceAccountTokenProjection)};
static const struct pod_field of_VolumeResourceRequirements[] = {MAP("limits", QUANTITY), MAP("requests", QUANTITY)};
static const struct pod_field of_VsphereVirtualDiskVolumeSource[] = {ONE("fsType", TEXT),
    ONE("storagePolicyID", TEXT), ONE("storagePolicyName", TEXT), ONE("volumePath", TEXT)};
static const struct pod_field of_WeightedPodAffinityTerm[] = {OBJECT("podAffinityTerm", PodAffinityTerm),
    ONE("weight", INT32)};
static const struct pod_field of_WindowsSecurityContextOptions[] = {ONE("gmsaCredentialSpec", TEXT),
    ONE("gmsaCredentialSpecName", TEXT), ONE("hostProcess", BOOL), ONE("runAsUserName", TEXT)};

static const struct pod_type types[] = {TYPE(AWSElasticBlockStoreVolumeSource), TYPE(Affinity),
    TYPE(AppArmorProfile), TYPE(AzureDiskVolumeSource), TYPE(AzureFileVolumeSource), TYPE(CSIVolumeSource),
    TYPE(Capabilities), TYPE(CephFSVolumeSource), TYPE(CinderVolumeSource), TYPE(ClusterTrustBundleProjection),
    TYPE(ConfigMapEnvSource), TYPE(ConfigMapKeySelector), TYPE(ConfigMapProjection), TYPE(ConfigMapVolumeSource),
    TYPE(Container), TYPE(ContainerPort), TYPE(ContainerResizePolicy), TYPE(ContainerRestartRule),
    TYPE(ContainerRestartRuleOnExitCodes), TYPE(DownwardAPIProjection), TYPE(DownwardAPIVolumeFile),
    TYPE(DownwardAPIVolumeSource), TYPE(EmptyDirVolumeSource), TYPE(EnvFromSource), TYPE(EnvVar), TYPE(EnvVarSource),
    TYPE(EphemeralContainer), TYPE(EphemeralVolumeSource), TYPE(ExecAction), TYPE(FCVolumeSource),
    TYPE(FileKeySelector), TYPE(FlexVolumeSource), TYPE(FlockerVolumeSource), TYPE(GCEPersistentDiskVolumeSource),
    TYPE(GRPCAction), TYPE(GitRepoVolumeSource), TYPE(GlusterfsVolumeSource), TYPE(HTTPGetAction), TYPE(HTTPHeader),
    TYPE(HostAlias), TYPE(HostPathVolumeSource), TYPE(ISCSIVolumeSource), TYPE(ImageVolumeSource), TYPE(KeyToPath),
    TYPE(LabelSelector), TYPE(LabelSelectorRequirement), TYPE(Lifecycle), TYPE(LifecycleHandler),
    TYPE(LocalObjectReference), TYPE(ManagedFieldsEntry), TYPE(NFSVolumeSource), TYPE(NodeAffinity),
    TYPE(NodeSelector), TYPE(NodeSelectorRequirement), TYPE(NodeSelectorTerm), TYPE(ObjectFieldSelector),
    TYPE(ObjectMeta), TYPE(OwnerReference), TYPE(PersistentVolumeClaimSpec), TYPE(PersistentVolumeClaimTemplate),
    TYPE(PersistentVolumeClaimVolumeSource), TYPE(PhotonPersistentDiskVolumeSource), TYPE(PodAffinity),
    TYPE(PodAffinityTerm), TYPE(PodAntiAffinity), TYPE(PodCertificateProjection), TYPE(PodDNSConfig),
    TYPE(PodDNSConfigOption), TYPE(PodOS), TYPE(PodReadinessGate), TYPE(PodResourceClaim), TYPE(PodSchedulingGate),
    TYPE(PodSecurityContext), TYPE(PodSpec), TYPE(PodTemplateSpec), TYPE(PortworxVolumeSource),
    TYPE(PreferredSchedulingTerm), TYPE(Probe), TYPE(ProjectedVolumeSource), TYPE(QuobyteVolumeSource),
    TYPE(RBDVolumeSource), TYPE(ResourceClaim), TYPE(ResourceFieldSelector), TYPE(ResourceRequirements),
    TYPE(SELinuxOptions), TYPE(ScaleIOVolumeSource), TYPE(SeccompProfile), TYPE(SecretEnvSource),
    TYPE(SecretKeySelector), TYPE(SecretProjection), TYPE(SecretVolumeSource), TYPE(SecurityContext),
    TYPE(ServiceAccountTokenProjection), TYPE(SleepAction), TYPE(StorageOSVolumeSource), TYPE(Sysctl),
    TYPE(TCPSocketAction), TYPE(Toleration), TYPE(TopologySpreadConstraint), TYPE(TypedLocalObjectReference),
    TYPE(TypedObjectReference), TYPE(Volume), TYPE(VolumeDevice), TYPE(VolumeMount), TYPE(VolumeProjection),
    TYPE(VolumeResourceRequirements), TYPE(VsphereVirtualDiskVolumeSource), TYPE(WeightedPodAffinityTerm),
    TYPE(WindowsSecurityContextOptions)};
/* clang-format on */

const struct pod_type *pod_type_of(const struct pod_field *field)
{
    return &types[field->type];
}

const struct pod_field *pod_template_field(void)
{
    static const struct pod_field field = OBJECT("template", PodTemplateSpec);
    return &field;
}
