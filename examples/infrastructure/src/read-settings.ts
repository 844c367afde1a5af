import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { CertificateAuthority } from './trust-anchor.js'
import type { WorkloadAccessProps } from './workload-access.js'

/** The settings file: as {@link WorkloadAccessProps}, with files where those have PEM text. */
export type Settings = Omit<WorkloadAccessProps, 'authority' | 'revocationLists'> & {
  /** One or two CA certificates in PEM; or `privateCaArn`. */
  readonly certificateBundleFile?: string
  readonly privateCaArn?: string
  readonly revocationListFiles?: readonly string[]
}

/** What a settings file may say, level by level. A word that is misspelt must not be passed over. */
const KNOWN = {
  '': [
    ...['name', 'certificateBundleFile', 'privateCaArn', 'revocationListFiles', 'caExpiryDays'],
    ...['endEntityExpiryDays', 'session', 'bucketLister', 'imagePuller', 'repository', 'alarms'],
    'ecrUser',
  ],
  session: ['durationSeconds', 'acceptRoleSessionName', 'managedPolicyArns', 'policy'],
  bucketLister: ['subject', 'roleName', 'bucketName'],
  'bucketLister.subject': ['commonName', 'organizationalUnit', 'uri'],
  imagePuller: ['subject', 'roleName', 'repositoryNames', 'pullThroughPrefix'],
  'imagePuller.subject': ['commonName', 'organizationalUnit', 'uri'],
  repository: ['name', 'keptImages', 'pullAccounts'],
  alarms: ['caDays', 'email'],
} as const

const REQUIRED = ['name', 'bucketLister', 'imagePuller', 'repository']

/**
 * Reads a settings file; relative paths start at its folder.
 *
 * @throws Error naming the file and what is wrong with it.
 */
export function readSettings(path: string): WorkloadAccessProps {
  const settings = JSON.parse(readFileSync(path, 'utf8')) as Settings
  for (const [place, names] of Object.entries(KNOWN)) checkNames(path, settings, place, names)
  const missing = REQUIRED.find((name) => !(name in settings))
  if (missing !== undefined) throw new Error(`${path} lacks "${missing}"`)
  const read = (name: string): string => readFileSync(resolve(dirname(path), name), 'utf8')
  const { certificateBundleFile, privateCaArn, revocationListFiles = [], ...rest } = settings
  return {
    ...rest,
    authority: authorityOf(
      path,
      certificateBundleFile && read(certificateBundleFile),
      privateCaArn,
    ),
    revocationLists: revocationListFiles.map(read),
  }
}

function checkNames(path: string, settings: object, place: string, names: readonly string[]): void {
  const steps = place === '' ? [] : place.split('.')
  const level = steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    settings,
  )
  const unknown = Object.keys(level ?? {}).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new Error(`${path}: ${[...steps, unknown].join('.')} is not known: ${names.join(', ')}`)
}

function authorityOf(
  path: string,
  certificateBundle: string | undefined,
  privateCaArn: string | undefined,
): CertificateAuthority {
  if ((certificateBundle === undefined) === (privateCaArn === undefined)) {
    throw new Error(`${path} needs one of "certificateBundleFile" and "privateCaArn"`)
  }
  if (certificateBundle?.includes('PRIVATE KEY')) {
    throw new Error(`${path}: certificateBundleFile holds a private key, which AWS must never see`)
  }
  return certificateBundle === undefined
    ? { privateCaArn: privateCaArn ?? '' }
    : { certificateBundle }
}
