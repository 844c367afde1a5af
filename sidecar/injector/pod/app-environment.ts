import type { InjectorConfig } from '../config/injector-config.js'
import {
  APP_CREDENTIALS_FILE,
  APP_FILE_MOUNT,
  APP_MOUNT,
  APP_TOKEN_FILE,
  FILE_KEEPER,
} from '../names.js'
import { append, type PatchOperation, pointer } from '../patch.js'
import { refusal, type Warn } from '../refusal.js'
import type { Container, EnvVar, Fields } from './pod.js'

/** What a container that gets credentials is told. */
export interface AppAccess {
  readonly uri: string
  /** Volume with the token of its role. */
  readonly tokenVolume: string
  readonly region: string
  /** Whether somebody set the region, or it is only the trust anchor's. */
  readonly regionIsSet: boolean
  /** Of the metadata service, where it is asked for. */
  readonly imdsEndpoint?: string
  /** Whether it also gets the credentials file. */
  readonly credentialsFile: boolean
}

const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'
const CREDENTIALS_FILE = 'AWS_SHARED_CREDENTIALS_FILE'
/** Whoever sets one of these talks to a credential server of their own. */
const ENDPOINT_VARIABLES = [
  URI,
  TOKEN_FILE,
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
]
/** SDKs look at these before they ask a credential server. */
const WINNING_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  CREDENTIALS_FILE,
  'AWS_CONFIG_FILE',
]
const REGION_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION']

/**
 * Operations that give one container its environment and its token. What the container sets itself
 * stays; what is there already from an earlier pass is not added again.
 *
 * @param path Of the container in the pod.
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function giveAccess(
  container: Container,
  path: readonly (string | number)[],
  access: AppAccess,
  context: { readonly config: InjectorConfig; readonly warn: Warn },
): PatchOperation[] {
  const ours = credentialVariables(access)
  if (!mayAdd(container, ours, context)) return []
  const missing = [...ours, ...regionVariables(container, access, context.warn)].filter(
    ({ name }) => !has(container, name),
  )
  return [
    ...append(container.env, pointer(...path, 'env'), missing),
    ...mount(container, path, [
      { name: access.tokenVolume, mountPath: APP_MOUNT, readOnly: true },
      ...(access.credentialsFile
        ? [{ name: FILE_KEEPER, mountPath: APP_FILE_MOUNT, readOnly: true }]
        : []),
    ]),
  ]
}

function credentialVariables({
  uri,
  imdsEndpoint,
  credentialsFile,
}: AppAccess): readonly Variable[] {
  return [
    { name: URI, value: uri },
    { name: TOKEN_FILE, value: APP_TOKEN_FILE },
    ...(imdsEndpoint === undefined
      ? []
      : [{ name: 'AWS_EC2_METADATA_SERVICE_ENDPOINT', value: imdsEndpoint }]),
    ...(credentialsFile ? [{ name: CREDENTIALS_FILE, value: APP_CREDENTIALS_FILE }] : []),
  ]
}

interface Variable {
  readonly name: string
  readonly value: string
}

const find = ({ env = [] }: Container, name: string): EnvVar | undefined =>
  env.find((variable) => variable.name === name)

const has = (container: Container, name: string): boolean => find(container, name) !== undefined

/** Whether our variables go in, after what the container brings itself was considered. */
function mayAdd(
  container: Container,
  ours: readonly Variable[],
  { config, warn }: { readonly config: InjectorConfig; readonly warn: Warn },
): boolean {
  const { name } = container
  const setsItself = (variable: string): boolean => {
    const found = find(container, variable)
    const own = ours.find((each) => each.name === variable)
    return found !== undefined && (own === undefined || found.value !== own.value)
  }
  const other = ENDPOINT_VARIABLES.find(setsItself)
  if (other !== undefined) {
    warn('own-endpoint', `container "${name}" sets ${other} itself and is left alone`)
    return false
  }
  const winning = WINNING_VARIABLES.filter(setsItself)
  if (winning.length === 0) return true
  const what = `container "${name}" sets ${winning.join(', ')}`
  if (config.existingCredentials === 'refuse') {
    throw refusal('existing-credentials', `${what}, which SDKs prefer to the sidecar`, 'remove it')
  }
  const skip = config.existingCredentials === 'skip'
  warn(
    'existing-credentials',
    `${what}: ${skip ? 'it is left alone' : 'SDKs prefer that to the sidecar'}`,
  )
  return !skip
}

/** A region in one of the two variables is the container's choice, for the other one, too. */
function regionVariables(
  container: Container,
  { region, regionIsSet }: AppAccess,
  warn: Warn,
): readonly Variable[] {
  const complete = REGION_VARIABLES.every((name) => find(container, name)?.value === region)
  const unknown = (container.envFrom ?? []).length > 0
  if (unknown && !has(container, URI)) {
    const left = regionIsSet ? '' : '; the region is left to it'
    warn(
      'environment-from',
      `container "${container.name}" has envFrom, which cannot be looked into: AWS keys in it would win${left}`,
    )
  }
  if (complete || REGION_VARIABLES.some((name) => has(container, name))) return []
  // A variable in env takes the place of the same one in envFrom.
  if (unknown && !regionIsSet) return []
  return REGION_VARIABLES.map((name) => ({ name, value: region }))
}

const withoutSlash = (path: unknown): string => String(path).replace(/\/+$/, '')

function mount(
  { name, volumeMounts }: Container,
  path: readonly (string | number)[],
  mounts: readonly (Fields & { readonly name: string; readonly mountPath: string })[],
): PatchOperation[] {
  const absent = mounts.filter((wanted) => {
    const there = volumeMounts?.find(
      ({ mountPath }) => withoutSlash(mountPath) === wanted.mountPath,
    )
    if (!there || there['name'] === wanted.name) return !there
    throw refusal(
      'mount-path-taken',
      `container "${name}" mounts another volume at ${wanted.mountPath}`,
      'mount it elsewhere, or leave the container out with skip-containers',
    )
  })
  return append(volumeMounts, pointer(...path, 'volumeMounts'), absent)
}
