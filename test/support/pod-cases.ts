import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { readInjectorConfig } from '../../sidecar/injector/config/read-config.js'
import type { InjectorConfig } from '../../sidecar/injector/config/injector-config.js'
import type { Injection } from '../../sidecar/injector/inject-pod.js'
import { type InjectionRequest, parseServerVersion } from '../../sidecar/injector/request.js'

const FOLDER = fileURLToPath(new URL('../fixtures/pods/', import.meta.url))

type Fields = Record<string, unknown>

/** One file: what the cluster says, the pod, and what is to become of it. */
export interface PodCase {
  readonly name: string
  /** The first line of the file. */
  readonly title: string
  readonly request: InjectionRequest
  readonly config: InjectorConfig
  readonly expected: unknown
}

/** What a case that says nothing else has; `null` in a case takes a default away. */
const BASE_DEFAULTS: Fields = {
  'trust-anchor-arn':
    'arn:aws:rolesanywhere:eu-central-1:111122223333:trust-anchor/00000000-0000-4000-8000-000000000001',
  'profile-arn':
    'arn:aws:rolesanywhere:eu-central-1:111122223333:profile/00000000-0000-4000-8000-000000000002',
  'role-arn': 'arn:aws:iam::111122223333:role/reader',
  'certificate-secret': 'app-tls',
}

/** The configuration of a case, by way of the reader of configuration files. */
export function caseConfig(given: Fields = {}): InjectorConfig {
  const sidecar = { image: 'registry.example.com/rolesanywhere:1', ...(given['sidecar'] as Fields) }
  const defaults = Object.entries({ ...BASE_DEFAULTS, ...(given['defaults'] as Fields) })
  const text = stringify({
    apiVersion: 'rolesanywhere.io/v1alpha1',
    kind: 'InjectorConfiguration',
    ...given,
    sidecar,
    defaults: Object.fromEntries(defaults.filter(([, value]) => value !== null)),
  })
  return readInjectorConfig(text, 'config.yaml')
}

/** Every case. */
export function podCases(): readonly PodCase[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => readCase(file.slice(0, -'.yaml'.length)))
}

/** The file of a case. */
export const caseText = (name: string): string => readFileSync(`${FOLDER}${name}.yaml`, 'utf8')

/** One case by its name. */
export function readCase(name: string): PodCase {
  const text = caseText(name)
  const { config, expected, serverVersion, ...rest } = parse(text) as Fields
  const version = parseServerVersion(String(serverVersion ?? ''))
  return {
    name,
    title: text.slice(2, text.indexOf('\n')),
    request: {
      ...{ namespace: 'payments', operation: 'CREATE' },
      ...(rest as { pod: unknown }),
      ...(version && { serverVersion: version }),
    },
    config: caseConfig(config as Fields | undefined),
    expected,
  }
}

/** What a case says about an injection. */
export function summaryOf(injection: Injection): Fields {
  const { outcome } = injection
  if (outcome === 'unchanged') return { outcome, reason: injection.reason }
  const warnings = injection.warnings.map(({ rule, message }) => ({ rule, message }))
  const told = warnings.length === 0 ? {} : { warnings }
  if (outcome === 'refused') return { outcome, ...injection.refusal, ...told }
  return { outcome, ...told, operations: injection.operations }
}

/** Writes what happened as what is expected. The case itself stays as it is. */
export function acceptCase(name: string, summary: Fields): void {
  const file = `${FOLDER}${name}.yaml`
  const text = caseText(name).replace(/^expected:\n[\s\S]*/m, '')
  const style = { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true } as const
  writeFileSync(file, text + stringify({ expected: summary }, style))
}
