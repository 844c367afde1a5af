import { randomBytes } from 'node:crypto'
import type { Command, Flag, FlagValues, Io } from '../../src/cli/command.js'
import { commandLog } from '../../src/cli/command-log.js'
import { ECR_FLAGS, loadEcrSettings } from '../../src/cli/ecr-settings.js'
import { tokenFetcher } from '../../src/cli/ecr-tokens.js'
import { WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { RolesAnywhereError } from '../../src/errors.js'
import {
  keepTokens,
  parseRegistryHost,
  type RegistryConfig,
  registryHostNames,
  registryRoles,
} from '../../src/index.js'
import { VERSION } from '../../src/version.js'
import { createKubeClient } from '../kube/client.js'
import { connect } from '../kube/connection.js'
import { parseListenAddress } from '../listen-address.js'
import { untilAborted } from '../until-aborted.js'
import type { PullSecretOptions } from './engine.js'
import type { PullRegistry } from './keep-tokens-fresh.js'
import { parseLabelSelector } from './label-selector.js'
import { runPullSecretsOnce } from './run-once.js'
import { startPullSecrets } from './start-pull-secrets.js'

const DEFAULT_NAME = 'rolesanywhere-pull-secrets'
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

const FLAGS: readonly Flag[] = [
  {
    name: 'registry',
    value: 'HOST',
    repeatable: true,
    help: 'registry that pods pull from: ACCOUNT.dkr.ecr.REGION.amazonaws.com',
  },
  {
    name: 'secret-name',
    value: 'NAME',
    help: 'name of the Secret in each namespace (default ecr-pull-secret)',
  },
  {
    name: 'namespace',
    value: 'PATTERN',
    repeatable: true,
    help: 'namespaces that get it, * and ? as in file names (default *)',
  },
  {
    name: 'exclude-namespace',
    value: 'PATTERN',
    repeatable: true,
    help: 'namespaces that do not (default kube-system, kube-public, kube-node-lease)',
  },
  {
    name: 'namespace-selector',
    value: 'SELECTOR',
    help: 'labels that a namespace must have, as for kubectl',
  },
  {
    name: 'service-account',
    value: 'PATTERN',
    repeatable: true,
    help: 'service accounts that name the Secret (default: default); "" for none',
  },
  {
    name: 'scoped',
    help: 'ask for nothing cluster-wide: each --namespace is a name, with a Role in it',
  },
  {
    name: 'writes-per-second',
    value: 'N',
    help: 'limit of writes to the API server, 1 to 1000 (default 50)',
  },
  { name: 'once', help: 'do what is to be done and end' },
  { name: 'uninstall', help: 'take every Secret and every entry of ours away, and end' },
  {
    name: 'health-listen',
    value: 'HOST:PORT',
    help: 'where the kubelet and Prometheus ask (default 0.0.0.0:9912)',
  },
  {
    name: 'kubeconfig',
    value: 'FILE',
    help: 'how to reach the API server; default: as kubectl does',
  },
]

/** Pull secrets for Amazon ECR that never go stale. */
export const pullSecretsCommand: Command = {
  usage: 'ecr pull-secrets --registry HOST [flags]',
  summary: 'Keep image pull secrets for Amazon ECR fresh in every namespace',
  description: `Runs in the cluster, from the manifests under sidecar/deploy. Each namespace gets a
Secret of type kubernetes.io/dockerconfigjson with the passwords of all registries, renewed in place
at half of their life, and its service accounts name it. One call of GetAuthorizationToken serves all
namespaces. Secrets of the same name that somebody else made are not touched.

A service account with the annotation rolesanywhere.io/pull-secret: "true" or "false" is served, or
not, whatever --service-account says.`,
  flags: [...FLAGS, ...ECR_FLAGS, ...WORKLOAD_FLAGS],
  example: 'ecr pull-secrets --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com --once',

  async run({ flags }, io) {
    const log = commandLog('pull-secrets', flags, io)
    const settings = await loadEcrSettings(flags, io)
    const kubeconfig = flags.get('kubeconfig')
    const connection = connect(kubeconfig === undefined ? {} : { kubeconfig })
    const options = readOptions(flags, io, settings.registries, connection.namespace)
    const { clock, signal } = io
    const client = createKubeClient(connection, { clock, userAgent: `rolesanywhere/${VERSION}` })
    const random = Math.random
    const fetch = tokenFetcher({ ...settings, flags, io, log })
    const roles = registryRoles(settings.registries.roles)
    const source = keepTokens(fetch, { clock, random, log, roles })
    const deps = { client, source, clock, random, log }
    try {
      if (options.uninstall || flags.has('once')) {
        await runPullSecretsOnce(options, deps, signal)
        return 0
      }
      const healthListen = parseListenAddress(
        flags.get('health-listen') ?? '0.0.0.0:9912',
        'health-listen',
      )
      const running = await startPullSecrets({ ...options, healthListen }, deps)
      log.info('keeping pull secrets', {
        registries: options.registries.map(({ name }) => name),
        secret: options.secretName,
        health: running.healthUrl,
      })
      await untilAborted(signal)
      log.info('ending')
      await running.stop()
      return 0
    } finally {
      client.close()
    }
  },
}

function readOptions(
  flags: FlagValues,
  { env }: Io,
  { aliases }: RegistryConfig,
  ownNamespace: string,
): PullSecretOptions {
  const uninstall = flags.has('uninstall')
  const hosts = flags.all('registry')
  if (hosts.length === 0 && !uninstall) {
    throw new RolesAnywhereError('ERR_RA_SETTING_MISSING', 'missing --registry', {
      hint: 'pass --registry ACCOUNT.dkr.ecr.REGION.amazonaws.com, once for each registry',
    })
  }
  const secretName = flags.get('secret-name') ?? 'ecr-pull-secret'
  if (!DNS_NAME.test(secretName)) {
    throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --secret-name is not a name', {
      hint: 'use lower-case letters, digits, dots and dashes',
    })
  }
  const namespaces = orDefault(flags.all('namespace'), ['*'])
  const onlyNamespaces = scopeOf(flags, namespaces)
  return {
    registries: registriesOf(hosts, aliases),
    secretName,
    rules: {
      namespaces,
      excludedNamespaces: orDefault(flags.all('exclude-namespace'), [
        'kube-system',
        'kube-public',
        'kube-node-lease',
      ]),
      namespaceSelector: parseLabelSelector(
        flags.get('namespace-selector') ?? '',
        'namespace-selector',
      ),
      serviceAccounts: orDefault(flags.all('service-account'), ['default']),
    },
    ...(onlyNamespaces && { onlyNamespaces }),
    writesPerSecond: writesPerSecond(flags),
    uninstall,
    ownNamespace,
    name: DEFAULT_NAME,
    identity: `${env['HOSTNAME'] ?? 'pull-secrets'}-${randomBytes(4).toString('hex')}`,
  }
}

function writesPerSecond(flags: FlagValues): number {
  const text = flags.get('writes-per-second') ?? '50'
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= 1000) return value
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_INVALID',
    'flag --writes-per-second is not a number from 1 to 1000',
    { hint: 'leave it out for 50' },
  )
}

function scopeOf(flags: FlagValues, namespaces: readonly string[]): readonly string[] | undefined {
  if (!flags.has('scoped')) return undefined
  if (!flags.has('namespace-selector') && namespaces.every((name) => DNS_NAME.test(name))) {
    return namespaces
  }
  throw new RolesAnywhereError('ERR_RA_FLAG_CONFLICT', 'flag --scoped needs names of namespaces', {
    hint: 'pass --namespace NAME for each, without * and without --namespace-selector',
  })
}

/** Several spellings of one registry are one registry, with all of its host names. */
function registriesOf(
  references: readonly string[],
  aliases: RegistryConfig['aliases'],
): readonly PullRegistry[] {
  const byName = new Map<string, PullRegistry>()
  for (const reference of references) {
    const found = parseRegistryHost(reference, aliases)
    if (!found) {
      throw new RolesAnywhereError(
        'ERR_RA_FLAG_INVALID',
        'the value of --registry is not a registry host of Amazon ECR',
        { hint: 'write ACCOUNT.dkr.ecr.REGION.amazonaws.com; other names need --registry-alias' },
      )
    }
    const hosts = registryHostNames(found.registry)
    const name = hosts[0] ?? found.host
    const known = byName.get(name)?.hosts ?? []
    const all = [...new Set([...known, ...hosts, found.host.toLowerCase()])]
    byName.set(name, { name, registry: found.registry, hosts: all })
  }
  return [...byName.values()]
}

const orDefault = (given: readonly string[], fallback: readonly string[]): readonly string[] =>
  given.length === 0 ? fallback : given.filter((value) => value !== '')
