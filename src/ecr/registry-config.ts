import { RolesAnywhereError } from '../errors.js'
import { readBounded } from '../session/read-bounded.js'
import { isRegistrySelector, type RegistryRole } from './registry-roles.js'
import { parseRegistryHost, type Registry, type RegistryAliases } from './registry-host.js'

/** What the user says about registries, all of it optional. */
export interface RegistryConfig {
  readonly aliases: RegistryAliases
  /** By selector: `ACCOUNT`, `ACCOUNT/REGION` or `public`. */
  readonly roles: ReadonlyMap<string, RegistryRole>
  /** Roles that service accounts may ask for; absent means that nobody may. */
  readonly serviceAccounts: readonly ServiceAccountRule[] | undefined
}

/** Which roles the pods of a service account may name for their pulls. */
export interface ServiceAccountRule {
  readonly namespace: string
  /** `*` for every service account of the namespace. */
  readonly name: string
  readonly roles: readonly RegistryRole[]
}

/** Nothing said. */
export const NO_REGISTRY_CONFIG: RegistryConfig = {
  aliases: new Map(),
  roles: new Map(),
  serviceAccounts: undefined,
}

/** Far more than anybody writes. */
const MAX_CONFIG_BYTES = 1024 * 1024

type Members = Readonly<Record<string, unknown>>

/**
 * Reads the file that maps registries to roles.
 *
 * @throws RolesAnywhereError `ERR_RA_ECR_CONFIG_INVALID`, naming the file and the place in it.
 */
export function readRegistryConfig(path: string): RegistryConfig {
  const source = `registry configuration "${path}"`
  let bytes: Buffer
  try {
    const file = readBounded(path, MAX_CONFIG_BYTES)
    if (!('bytes' in file))
      throw invalid(source, file.problem === 'folder' ? 'is a folder' : TOO_LARGE)
    bytes = file.bytes
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw invalid(source, `cannot be read (${code})`, cause)
  }
  let document: unknown
  try {
    document = JSON.parse(bytes.toString('utf8'))
  } catch {
    // The parser's error is dropped on purpose: it quotes the file.
    throw invalid(source, 'is not JSON')
  }
  return parseRegistryConfig(document, source)
}

const TOO_LARGE = `is larger than ${MAX_CONFIG_BYTES} bytes`

/**
 * Checks a configuration member by member; what it does not know is a mistake in spelling.
 *
 * @param source How messages name it.
 * @throws RolesAnywhereError `ERR_RA_ECR_CONFIG_INVALID`.
 */
export function parseRegistryConfig(document: unknown, source: string): RegistryConfig {
  const root = membersOf(document, source, '', ['aliases', 'roles', 'serviceAccounts'])
  const aliases = new Map<string, Registry>()
  for (const [name, target] of entriesOf(root['aliases'], source, 'aliases')) {
    if (typeof target !== 'string') throw invalid(source, `aliases: "${name}" is not a text`)
    addAlias(aliases, name, target, source)
  }
  const roles = new Map<string, RegistryRole>()
  for (const [selector, role] of entriesOf(root['roles'], source, 'roles')) {
    addRole(roles, selector, role, source)
  }
  const rules = root['serviceAccounts']
  if (rules === undefined) return { aliases, roles, serviceAccounts: undefined }
  if (!Array.isArray(rules)) throw invalid(source, 'serviceAccounts is not a list')
  const serviceAccounts = rules.map((rule, at) =>
    serviceAccountRule(rule, source, `serviceAccounts[${at}]`),
  )
  return { aliases, roles, serviceAccounts }
}

/**
 * Adds an alias: `HOST[:PORT]`, lower case, for an ECR host.
 *
 * @throws RolesAnywhereError `ERR_RA_ECR_CONFIG_INVALID` when one of the two is not of that form, or
 *   the alias is a host of ECR itself.
 */
export function addAlias(
  aliases: Map<string, Registry>,
  name: string,
  target: string,
  source: string,
): void {
  if (!/^(?!-)[a-z0-9.-]{1,253}(:\d{1,5})?$/.test(name)) {
    throw invalid(source, `alias "${printable(name)}" is not a host name in lower case`)
  }
  if (parseRegistryHost(name)) {
    throw invalid(source, `alias "${name}" is a registry of ECR itself`)
  }
  const registry = parseRegistryHost(target)?.registry
  if (!registry) throw invalid(source, `alias "${name}" does not lead to a registry host of ECR`)
  aliases.set(name, registry)
}

/**
 * Adds the role of a registry: its ARN, or an object with `roleArn`, `profileArn`, `trustAnchorArn`.
 *
 * @throws RolesAnywhereError `ERR_RA_ECR_CONFIG_INVALID`.
 */
export function addRole(
  roles: Map<string, RegistryRole>,
  selector: string,
  role: unknown,
  source: string,
): void {
  if (!isRegistrySelector(selector)) {
    throw invalid(
      source,
      `"${printable(selector)}" is not ACCOUNT, ACCOUNT/REGION or public (account: twelve digits)`,
    )
  }
  roles.set(selector, registryRole(role, source, `roles "${selector}"`))
}

function registryRole(value: unknown, source: string, place: string): RegistryRole {
  const fields =
    typeof value === 'string'
      ? { roleArn: value }
      : membersOf(value, source, place, ['roleArn', 'profileArn', 'trustAnchorArn'])
  const text = (name: string): string | undefined => {
    const arn = (fields as Members)[name]
    // The ARN's own form is checked where the settings of the workload are.
    if (arn === undefined || (typeof arn === 'string' && arn !== '')) return arn
    throw invalid(source, `${place}: ${name} is not an ARN`)
  }
  const [roleArn, profileArn, trustAnchorArn] = ['roleArn', 'profileArn', 'trustAnchorArn'].map(
    text,
  )
  if (roleArn === undefined) throw invalid(source, `${place}: roleArn is missing`)
  return {
    roleArn,
    ...(profileArn !== undefined && { profileArn }),
    ...(trustAnchorArn !== undefined && { trustAnchorArn }),
  }
}

function serviceAccountRule(value: unknown, source: string, place: string): ServiceAccountRule {
  const fields = membersOf(value, source, place, ['namespace', 'name', 'roles'])
  const { namespace, name, roles } = fields as {
    namespace?: unknown
    name?: unknown
    roles?: unknown
  }
  if (typeof namespace !== 'string' || !/^[a-z0-9-]{1,63}$/.test(namespace)) {
    throw invalid(source, `${place}: namespace is not the name of a namespace`)
  }
  if (typeof name !== 'string' || !/^(\*|[a-z0-9.-]{1,253})$/.test(name)) {
    throw invalid(source, `${place}: name is neither "*" nor the name of a service account`)
  }
  if (!Array.isArray(roles) || roles.length === 0) {
    throw invalid(source, `${place}: roles is not a list of roles`)
  }
  return {
    namespace,
    name,
    roles: roles.map((role, at) => registryRole(role, source, `${place}.roles[${at}]`)),
  }
}

function entriesOf(value: unknown, source: string, place: string): [string, unknown][] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(source, `${place} is not an object`)
  }
  return Object.entries(value)
}

function membersOf(
  value: unknown,
  source: string,
  place: string,
  known: readonly string[],
): Members {
  const where = place === '' ? 'the document' : place
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(source, `${where} is not an object`)
  }
  const strange = Object.keys(value).find((name) => !known.includes(name))
  if (strange !== undefined) {
    throw invalid(source, `${where} has a member "${printable(strange)}", which is not known`)
  }
  return { ...value }
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)

function invalid(source: string, problem: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ECR_CONFIG_INVALID', `${source}: ${problem}`, {
    ...(cause !== undefined && { cause }),
    hint: 'docs/ecr.md shows the form of the file',
  })
}
