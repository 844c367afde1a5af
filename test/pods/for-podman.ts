// Turns an injected manifest into one that podman 4.3 runs, and changes only what it lacks:
//   Secrets as volumes     become folders of the same name below the one that is given, which are laid
//                          out and exchanged as the kubelet does it
//   init containers        become containers, and whoever starts them keeps the kubelet's order: podman
//                          knows no native sidecars, and waits 20 s for each of the others; so that
//                          they run once, restartPolicy Always becomes OnFailure
//   a group without user   gets the image's user, where podman would take root
// Other documents than the Pod are left out.
//
//   tsx test/pods/for-podman.ts FOLDER <injected.yaml >pod.yaml
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'

const IMAGE_USER = 65_532

interface Container {
  readonly securityContext?: { runAsUser?: number; readonly runAsGroup?: number }
  restartPolicy?: string
  startupProbe?: object
}

interface Pod {
  readonly kind: string
  readonly spec: {
    restartPolicy?: string
    readonly volumes: { secret?: { readonly secretName: string }; hostPath?: object }[]
    containers: Container[]
    initContainers?: Container[]
  }
}

const [folder = ''] = process.argv.slice(2)
const pod = parseAllDocuments(readFileSync(0, 'utf8'))
  .map((document) => document.toJS() as Pod)
  .find(({ kind }) => kind === 'Pod')
if (folder === '' || !pod) throw new TypeError('wants a folder, and a Pod on standard input')

const { spec } = pod
for (const volume of spec.volumes) {
  if (!volume.secret) continue
  volume.hostPath = { path: resolve(join(folder, volume.secret.secretName)), type: 'Directory' }
  delete volume.secret
}
for (const { securityContext } of [...(spec.initContainers ?? []), ...spec.containers]) {
  if (securityContext?.runAsGroup !== undefined) securityContext.runAsUser ??= IMAGE_USER
}
for (const container of spec.initContainers ?? []) {
  delete container.restartPolicy
  delete container.startupProbe
}
spec.containers = [...spec.containers, ...(spec.initContainers ?? [])]
delete spec.initContainers
if (spec.restartPolicy === 'Always') spec.restartPolicy = 'OnFailure'

process.stdout.write(stringify(pod, { aliasDuplicateObjects: false }))
