import { LineCounter, parseDocument } from 'yaml'
import { RolesAnywhereError } from '../../../src/errors.js'
import { type AnnotationName, DEFAULTABLE } from '../annotations.js'
import { parseServerVersion, type ServerVersion } from '../request.js'
import {
  type AllowRule,
  DEFAULT_CONFIG,
  type InjectorConfig,
  type SidecarConfig,
} from './injector-config.js'
import {
  entries,
  type Field,
  invalid,
  type Reader,
  readList,
  readMap,
  readNumber,
  readPlainMap,
  readText,
  readTextLike,
  readWord,
} from './yaml-fields.js'

/** Larger than any allow-list that somebody keeps by hand. */
export const MAX_CONFIG_BYTES = 1024 * 1024

const PORT = readNumber(1024, 65_535)
const ANY = ['*']

/**
 * Reads the injector's configuration file. Everything that it leaves out is as in
 * {@link DEFAULT_CONFIG}.
 *
 * @param name Names the file in errors.
 * @throws RolesAnywhereError `ERR_RA_INJECTOR_CONFIG_INVALID`, with line and column.
 */
export function readInjectorConfig(text: string, name: string): InjectorConfig {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    throw new RolesAnywhereError(
      'ERR_RA_INJECTOR_CONFIG_INVALID',
      `${name}: larger than ${MAX_CONFIG_BYTES} bytes`,
      { hint: 'write patterns instead of lists of names' },
    )
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const file = { name, lines }
  const [error] = document.errors
  if (error) {
    const { line, col } = lines.linePos(error.pos[0])
    throw new RolesAnywhereError(
      'ERR_RA_INJECTOR_CONFIG_INVALID',
      `${name}:${line}:${col}: not valid YAML (${error.code})`,
      { cause: error, hint: 'docs/injector.md has an example' },
    )
  }
  return readRoot({ node: document.contents, path: '', file })
}

type Root = Omit<InjectorConfig, 'serverVersion'> & {
  readonly apiVersion: string
  readonly kind: string
  readonly kubernetesVersion: ServerVersion
}

function readRoot(field: Field): InjectorConfig {
  const { apiVersion, kind, kubernetesVersion, ...given } = readMap<Required<Root>>(field, {
    apiVersion: readWord(['rolesanywhere.io/v1alpha1']),
    kind: readWord(['InjectorConfiguration']),
    prefix: readTextLike(PREFIX, 'a DNS name'),
    defaults: readDefaults,
    sidecar: readSidecar,
    skipContainers: readList(readText),
    hostNetwork: readWord(['refuse', 'allow']),
    trustDomain: readTextLike(/^[a-z0-9._-]{1,255}$/, 'a SPIFFE trust domain'),
    existingCredentials: readWord(['warn', 'skip', 'refuse']),
    missingCertificates: readWord(['ignore', 'warn']),
    kubernetesVersion: readVersion,
    allow: readRules,
  })
  if (field.node !== null && (apiVersion === undefined || kind === undefined)) {
    throw invalid(field, 'does not say what it is', EXPECTED)
  }
  return {
    ...DEFAULT_CONFIG,
    ...given,
    ...(kubernetesVersion && { serverVersion: kubernetesVersion }),
  }
}

const EXPECTED =
  'begin with "apiVersion: rolesanywhere.io/v1alpha1" and "kind: InjectorConfiguration"'
const PREFIX = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

const readVersion: Reader<ServerVersion> = (field) => {
  const version = parseServerVersion(readText(field))
  if (version) return version
  throw invalid(field, 'is not a version', 'write it in quotes, like "1.34"')
}

/** The same names and texts as annotations; they are checked together with those of a pod. */
const readDefaults: Reader<InjectorConfig['defaults']> = (field) => {
  const given = entries(field).map(([name, value]) => {
    if (!(DEFAULTABLE as readonly string[]).includes(name)) {
      throw invalid(value, 'has no default', `keys: ${DEFAULTABLE.join(', ')}`)
    }
    return [name as AnnotationName, readText(value)] as const
  })
  return Object.fromEntries(given)
}

const readSidecar: Reader<SidecarConfig> = (field) => {
  const given = readMap<Required<SidecarConfig>>(field, {
    image: readTextLike(/^\S{1,512}$/, 'an image'),
    imagePullPolicy: readWord(['Always', 'IfNotPresent', 'Never']),
    env: readList(readVariable),
    resources: readPlainMap,
    runAsUser: readNumber(1, 2 ** 31 - 1),
    runAsGroup: readNumber(0, 2 ** 31 - 1),
    port: PORT,
    healthPort: PORT,
    healthHost: readTextLike(/^[\da-fA-F.:]{2,45}$/, 'an address'),
    startupSeconds: readNumber(1, 3600),
    patch: readWord(['refuse', 'safe', 'any']),
  })
  const sidecar = { ...DEFAULT_CONFIG.sidecar, ...given }
  if (sidecar.port !== sidecar.healthPort) return sidecar
  throw invalid(field, 'has the same port twice', 'port and healthPort must differ')
}

const readVariable: Reader<Readonly<Record<string, unknown>>> = (field) => {
  const variable = readPlainMap(field)
  const { name, value, ...rest } = variable
  if (typeof name !== 'string' || name === '') throw invalid(field, 'has no name')
  // The API server takes nothing else, and would refuse every pod that has it.
  if (value !== undefined && typeof value !== 'string') {
    throw invalid(field, 'has a value that is not text', 'put it in quotes')
  }
  const unknown = Object.keys(rest).find((key) => key !== 'valueFrom')
  if (unknown === undefined) return variable
  throw invalid(field, `has the key ${unknown}`, 'keys: name, value, valueFrom')
}

const readRules: Reader<readonly AllowRule[]> = (field) => {
  const rules = readList(readRule)(field)
  const names = rules.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return rules
  throw invalid(field, `has two rules "${twice}"`)
}

const readRule: Reader<AllowRule> = (field) => {
  const patterns = readList(readText)
  const given = readMap<AllowRule>(field, {
    name: readText,
    namespaces: patterns,
    serviceAccounts: patterns,
    roleArns: patterns,
    profileArns: patterns,
    trustAnchorArns: patterns,
    certificates: patterns,
  })
  const { name, namespaces, roleArns } = given
  // A forgotten list would permit everything; the two that matter are written out.
  if (name === undefined) throw invalid(field, 'has no name')
  if (!namespaces) throw invalid(field, 'has no namespaces', 'write ["*"] for all of them')
  if (!roleArns) throw invalid(field, 'has no roleArns', 'write ["*"] for all of them')
  return {
    serviceAccounts: ANY,
    profileArns: ANY,
    trustAnchorArns: ANY,
    certificates: ANY,
    ...given,
    name,
    namespaces,
    roleArns,
  }
}
