import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ADDRESSES, NODE, type Setting } from './setting.js'

/** What it needs besides its configuration. */
export interface KubeletInit {
  readonly kubeconfig: string
  /** Of the container runtime. */
  readonly socket: string
  /** Programs that know passwords of registries, and their configuration. */
  readonly credentialProviders?: { readonly config: string; readonly folder: string }
}

/** Writes the kubelet's configuration. @returns its flags. */
export function prepareKubelet(
  { folder, cgroup }: Setting,
  { kubeconfig, socket, credentialProviders }: KubeletInit,
): string[] {
  const own = join(folder, 'kubelet')
  const file = (name: string): string => join(own, name)
  mkdirSync(own, { recursive: true })
  writeFileSync(file('resolv.conf'), '')
  const configuration = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Nobody else is in this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    // A disk that is full of other things is no matter of this test.
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    localStorageCapacityIsolation: false,
    clusterDNS: [ADDRESSES.node],
    clusterDomain: 'cluster.local',
    resolvConf: file('resolv.conf'),
    // As it is by default; said because a test is about it.
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    // By default a minute: how long the exchange of a file takes.
    syncFrequency: '2s',
    podLogsDir: file('logs'),
    volumePluginDir: file('plugins'),
    registryPullQPS: 0,
    serializeImagePulls: false,
  }
  writeFileSync(file('config.json'), JSON.stringify(configuration))
  return [
    `--config=${file('config.json')}`,
    `--kubeconfig=${kubeconfig}`,
    `--root-dir=${file('root')}`,
    `--cert-dir=${file('certificates')}`,
    `--hostname-override=${NODE}`,
    `--node-ip=${ADDRESSES.node}`,
    ...(credentialProviders
      ? [
          `--image-credential-provider-config=${credentialProviders.config}`,
          `--image-credential-provider-bin-dir=${credentialProviders.folder}`,
        ]
      : []),
  ]
}
