import { basename } from 'node:path'
import type { AwsProfiles } from '../probes/aws-profiles.js'
import type { FileFacts } from '../probes/file-facts.js'
import { type Finding, ok, skipped, warning } from '../finding.js'
import { duration } from './certificate.js'

type Env = Readonly<Record<string, string | undefined>>

/** One place in which AWS SDKs look for credentials, and what is there. */
export interface SdkSource {
  /** Last part of the id of its check. */
  readonly name: 'environment' | 'web-identity' | 'profile' | 'container' | 'imds'
  /** What it is, without any value that is secret; absent when nothing is there. */
  readonly found?: string
  /** Whether it leads to this program. */
  readonly ours?: boolean
  /** What is odd about it, and what to do. */
  readonly concern?: { readonly what: string; readonly hint: string }
}

/** Where SDKs look. All but the one for JavaScript look in this order. */
export interface SdkView {
  readonly profile: string
  readonly sources: readonly SdkSource[]
  /** Profiles whose credential_process is this program, by name. */
  readonly ownProfiles: readonly string[]
}

/** Temporary keys of Roles Anywhere live no longer. */
const LONGEST_SESSION_MS = 12 * 3_600_000

/**
 * Reads what AWS SDKs on this machine would use, in the order in which they look.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function viewSdkChain(
  env: Env,
  profiles: AwsProfiles,
  at: Date,
  tokenFile?: FileFacts,
): SdkView {
  const profile = env['AWS_PROFILE'] || 'default'
  return {
    profile,
    sources: [
      environment(env),
      webIdentity(env),
      profileSource(profile, profiles, at),
      container(env, tokenFile),
      imds(env),
    ],
    ownProfiles: ownProfiles(profiles),
  }
}

function environment(env: Env): SdkSource {
  const name = 'environment'
  const [key, secret] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']]
  if (key && secret) return { name, found: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set' }
  if (!key && !secret) return { name }
  const [set, missing] = key
    ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
    : ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID']
  const hint = `unset ${set}: some SDKs fail over half a pair of keys`
  return { name, concern: { what: `${set} is set without ${missing}`, hint } }
}

function webIdentity(env: Env): SdkSource {
  const name = 'web-identity'
  if (!env['AWS_WEB_IDENTITY_TOKEN_FILE']) return { name }
  if (env['AWS_ROLE_ARN']) return { name, found: 'AWS_WEB_IDENTITY_TOKEN_FILE is set' }
  const what = 'AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN'
  return { name, concern: { what, hint: 'unset it: some SDKs fail over it' } }
}

/** Ways in which a profile gives credentials, the one that wins first. */
const PROFILE_WAYS: readonly (readonly [key: string, what: string])[] = [
  ['role_arn', 'assumes a role (role_arn)'],
  ['aws_access_key_id', 'has keys (aws_access_key_id)'],
  ['web_identity_token_file', 'has web_identity_token_file'],
  ['credential_process', 'has credential_process'],
  ['sso_session', 'uses IAM Identity Center (sso_session)'],
  ['sso_start_url', 'uses IAM Identity Center (sso_start_url)'],
  ['login_session', 'has login_session'],
]

function profileSource(profile: string, { config, credentials }: AwsProfiles, at: Date): SdkSource {
  const name = 'profile'
  const inConfig = config.sections[profile] ?? {}
  const inCredentials = credentials.sections[profile] ?? {}
  const merged = { ...inConfig, ...inCredentials }
  const way = PROFILE_WAYS.find(([key]) => merged[key])
  const line = merged['credential_process']
  if (!way) return { name }
  const [key, what] = way
  const file = inCredentials[key] ? 'credentials' : 'config'
  const found = `profile "${profile}" of the ${file} file ${what}`
  if (key === 'credential_process' && line) {
    const program = programOf(line)
    return { name, found: `${found}: ${program.name}`, ours: program.ours }
  }
  const shadowed =
    line && programOf(line).ours
      ? {
          what: `${found}, which wins over its credential_process`,
          hint: `take ${key} out of profile "${profile}" of the ${file} file`,
        }
      : undefined
  const stale = inCredentials['aws_session_token'] ? staleness(credentials, profile, at) : undefined
  const concern = shadowed ?? stale
  return { name, found, ...(concern && { concern }) }
}

function staleness(
  { modifiedAt }: AwsProfiles['credentials'],
  profile: string,
  at: Date,
): SdkSource['concern'] {
  const ageMs = modifiedAt ? at.getTime() - modifiedAt.getTime() : 0
  if (ageMs <= LONGEST_SESSION_MS) return undefined
  return {
    what: `profile "${profile}" of the credentials file has temporary keys, written ${duration(ageMs)} ago: a session lasts 12h at most`,
    hint: 'take them out, or find out why nothing renews them',
  }
}

/** The line itself is never shown: people put secrets into arguments. */
function programOf(line: string): { readonly name: string; readonly ours: boolean } {
  const [, quoted, bare] = /^\s*(?:"([^"]+)"|(\S+))/.exec(line) ?? []
  const name = basename((quoted ?? bare ?? '').replaceAll('\\', '/'))
  const ours = /(^|[\s"/\\])rolesanywhere(\.cjs|\.js|\.exe)?"?\s+credential-process(\s|$)/.test(
    line,
  )
  return { name, ours }
}

/** Profiles of either file that start this program. */
function ownProfiles({ config, credentials }: AwsProfiles): readonly string[] {
  const sections = [config, credentials].flatMap((file) => Object.entries(file.sections))
  const own = sections.filter(([, keys]) => programOf(keys['credential_process'] ?? '').ours)
  return [...new Set(own.map(([name]) => name))]
}

function container(env: Env, tokenFile: FileFacts | undefined): SdkSource {
  const name = 'container'
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (relative) return { name, found: 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set' }
  if (full === undefined || full === '') return { name }
  const url = URL.canParse(full) ? new URL(full) : undefined
  const found = `AWS_CONTAINER_CREDENTIALS_FULL_URI is set: ${url?.host ?? 'not a URL'}`
  const ours =
    url?.pathname === '/v1/credentials' || /^\/v1\/credentials\//.test(url?.pathname ?? '')
  if (relative === '') {
    const what = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, beside the FULL_URI'
    const hint = 'unset it: boto3 and the SDK for Rust take an empty one for set'
    return { name, found, ours, concern: { what, hint } }
  }
  const concern = tokenFile && tokenConcern(tokenFile)
  return { name, found, ours, ...(concern && { concern }) }
}

/** SDKs send the file as it is, and refuse to send what no header may hold. */
function tokenConcern({ path, problem, bytes }: FileFacts): SdkSource['concern'] {
  const file = `the authorization token file "${path}"`
  if (problem !== undefined) {
    const hint = 'check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, and that the volume is mounted'
    return { what: `${file} cannot be read (${problem})`, hint }
  }
  if (!bytes?.some((byte) => byte === 0x0a || byte === 0x0d)) return undefined
  const hint = 'write it without one: most SDKs refuse to send it'
  return { what: `${file} holds a line break`, hint }
}

function imds(env: Env): SdkSource {
  const name = 'imds'
  if ((env['AWS_EC2_METADATA_DISABLED'] ?? '').toLowerCase() === 'true') return { name }
  const endpoint = env['AWS_EC2_METADATA_SERVICE_ENDPOINT']
  if (!endpoint) return { name }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const found = `AWS_EC2_METADATA_SERVICE_ENDPOINT is set: ${url?.host ?? 'not a URL'}`
  const local = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost'
  if (!endpoint.endsWith('/')) return { name, found, ours: local }
  const hint = 'drop the slash at its end: the SDK for Java fails over it'
  return { name, found, ours: local, concern: { what: `${found}, with a slash at its end`, hint } }
}

/** What to say of one place, given who wins. */
export function judgeSource(source: SdkSource, { sources }: SdkView): Finding | undefined {
  const { found, ours = false, concern } = source
  if (concern) return warning(concern.what, concern.hint)
  if (found === undefined) return undefined
  const winner = sources.find((entry) => entry.found !== undefined)
  const oursBelow = sources.slice(sources.indexOf(source) + 1).some((entry) => entry.ours)
  if (ours || !oursBelow) return ok(found, { ours })
  const hint = 'take it away: SDKs go no further'
  return winner === source
    ? warning(`${found}, which comes before this program's credentials`, hint, { ours })
    : ok(found, { ours })
}

/** Says what AWS SDKs on this machine end up with. */
export function judgeWinner({ sources, profile, ownProfiles }: SdkView, env: Env): Finding {
  const [winner] = sources.filter(({ found }) => found !== undefined)
  const detail = { profile, winner: winner?.name ?? null, ours: winner?.ours ?? false }
  if (!winner) {
    const [own] = ownProfiles
    const hint =
      own === undefined
        ? 'see "serve", "exec" and "credential-process" for the ways to give an SDK these credentials'
        : `set AWS_PROFILE=${own}, whose credential_process is this program`
    return { ...skipped('nothing is configured for AWS SDKs in this environment', hint), detail }
  }
  const named = sources.filter(({ found }) => found !== undefined).map(({ name }) => name)
  const message = `AWS SDKs use ${WORDS[winner.name]}`
  const hint = 'name one source only'
  if (env['AWS_PROFILE'] && winner.name === 'environment' && named.includes('profile')) {
    return warning(`${message}; the SDK for JavaScript uses profile "${profile}"`, hint, detail)
  }
  if (winner.name === 'web-identity' && named.includes('profile')) {
    return warning(`${message}; the SDK for JavaScript uses profile "${profile}"`, hint, detail)
  }
  if (winner.ours) return ok(`${message}, which is this program`, detail)
  return warning(
    `${message}, which is not this program`,
    'if the workload is to use these credentials, take the other source away',
    detail,
  )
}

const WORDS: Readonly<Record<SdkSource['name'], string>> = {
  environment: 'the keys in the environment',
  'web-identity': 'web identity',
  profile: 'the profile',
  container: 'the container credentials endpoint',
  imds: 'the instance metadata endpoint',
}
