/** What main.ts has made ready, for the tests inside their namespaces. */
export interface Setting {
  /** For everything that is written; removed at the end. */
  readonly folder: string
  /** Below which the kubelet makes control groups. */
  readonly cgroup: string
  /** Paths of programs. */
  readonly programs: {
    readonly etcd: string
    readonly apiServer: string
    readonly node: string
    readonly pause: string
    /** Folder with containerd, its shim and `ctr`. */
    readonly containerd: string
  }
  /** What the guide builds. */
  readonly images: readonly BuiltImage[]
}

/** An image that was built for this test. */
export interface BuiltImage {
  readonly archive: string
  /** Its name in the archive. */
  readonly built: string
  /** Its name in the guide. */
  readonly tag: string
}

const VARIABLE = 'ROLESANYWHERE_NODE_TEST'

/** As an environment, for {@link readSetting}. */
export const settingVariable = (setting: Setting): Record<string, string> => ({
  [VARIABLE]: JSON.stringify(setting),
})

export function readSetting(): Setting {
  const text = process.env[VARIABLE]
  if (text === undefined) throw new Error('run it with: npm run test:node')
  return JSON.parse(text) as Setting
}

/** Addresses inside the namespace. */
export const ADDRESSES = {
  node: '10.77.0.1',
  pods: '10.77.1.0/24',
  services: '10.0.0.0/24',
} as const

/** The name of the one node. */
export const NODE = 'node-1'
