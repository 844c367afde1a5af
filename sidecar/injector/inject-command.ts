import { open } from 'node:fs/promises'
import type { Command, FlagValues, Io } from '../../src/cli/command.js'
import { RolesAnywhereError } from '../../src/errors.js'
import { DEFAULT_CONFIG, type InjectorConfig } from './config/injector-config.js'
import { MAX_CONFIG_BYTES, readInjectorConfig } from './config/read-config.js'
import { explainInjections } from './manifests/explain.js'
import { injectManifests, type ManifestInput } from './manifests/inject-manifests.js'
import { parseServerVersion, type ServerVersion } from './request.js'

/** More than any chart renders. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/** Applies the injector's change to manifests. */
export const injectCommand: Command = {
  usage: 'inject -f FILE [flags]',
  summary: 'Add the sidecar to pods in manifests, as the injector would',
  description: `Reads Pods, and the pod templates of Deployments, StatefulSets, DaemonSets, ReplicaSets,
Jobs and CronJobs, and gives a sidecar to those with the label
rolesanywhere.io/inject: "true". The result is on standard output. Lines are inserted
and nothing else changes; documents without such pods come out byte for byte.

Settings come from annotations of the pod, from ServiceAccounts and Namespaces among the
documents, and from the defaults of --config. docs/injector.md lists them. When a single
pod is refused, nothing is printed.`,
  flags: [
    {
      name: 'filename',
      short: 'f',
      value: 'FILE',
      repeatable: true,
      help: 'manifests, YAML or JSON; - reads standard input',
    },
    { name: 'config', value: 'FILE', help: 'injector configuration: defaults, image, allow-list' },
    {
      name: 'namespace',
      value: 'NAME',
      help: 'namespace of objects that name none (default default)',
    },
    {
      name: 'kubernetes-version',
      value: 'VERSION',
      help: "of the cluster; before 1.32 the sidecar may not be a native one (default: the configuration's, else a recent one)",
    },
    { name: 'explain', help: 'print where each setting comes from instead of the manifests' },
  ],
  example: 'inject -f deployment.yaml --config injector.yaml',

  async run({ flags }, io) {
    const names = flags.all('filename')
    if (names.length === 0) {
      throw new RolesAnywhereError('ERR_RA_SETTING_MISSING', 'missing flag -f', {
        hint: 'pass -f FILE, or -f - to read standard input',
      })
    }
    const config = await readConfig(flags.get('config'))
    const serverVersion = readVersion(flags)
    const inputs: ManifestInput[] = []
    for (const name of names) inputs.push(await readInput(name, io))
    const namespace = flags.get('namespace') ?? 'default'
    const {
      text,
      pods,
      warnings: others,
    } = injectManifests(inputs, {
      config,
      namespace,
      ...(serverVersion && { serverVersion }),
    })
    const explain = flags.has('explain')
    const ofPods = pods.flatMap(({ owner, place, injection }) =>
      injection.outcome === 'injected'
        ? injection.warnings.map((warning) => ({ owner, place, warning }))
        : [],
    )
    // Of pods, the explanation has them.
    for (const { owner, place, warning } of explain ? others : [...ofPods, ...others]) {
      io.stderr(`warning: ${place}: ${owner}: ${warning.message} (${warning.rule})\n`)
    }
    if (explain) {
      io.stdout(explainInjections(pods))
      return 0
    }
    io.stdout(text)
    return 0
  },
}

async function readConfig(path: string | undefined): Promise<InjectorConfig> {
  if (path === undefined) return DEFAULT_CONFIG
  return readInjectorConfig(await readFile(path, MAX_CONFIG_BYTES), path)
}

function readVersion(flags: FlagValues): ServerVersion | undefined {
  const text = flags.get('kubernetes-version')
  const version = text === undefined ? undefined : parseServerVersion(text)
  if (text === undefined || version) return version
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_INVALID',
    'flag --kubernetes-version is not a version',
    {
      hint: 'write it like --kubernetes-version 1.34',
    },
  )
}

async function readInput(name: string, { stdin }: Io): Promise<ManifestInput> {
  if (name !== '-') return { name, text: await readFile(name, MAX_MANIFEST_BYTES) }
  return { name: 'standard input', text: await collect(stdin ?? [], name, MAX_MANIFEST_BYTES) }
}

async function readFile(path: string, maxBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r')
    // Closes the file when it ends, whichever way.
    return await collect(file.createReadStream(), path, maxBytes)
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    throw unreadable(path, (cause as NodeJS.ErrnoException).code ?? 'unknown error', cause)
  }
}

async function collect(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  name: string,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk as Uint8Array)
    size += part.length
    if (size > maxBytes) throw unreadable(name, `larger than ${maxBytes} bytes`)
    parts.push(part)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts))
  } catch (cause) {
    throw unreadable(name, 'not UTF-8', cause)
  }
}

const unreadable = (name: string, reason: string, cause?: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cannot read "${name}" (${reason})`, {
    ...(cause !== undefined && { cause }),
    hint: 'check the path and its permissions',
  })
