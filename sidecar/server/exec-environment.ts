/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where the command finds its credentials. */
export interface CredentialsAddress {
  readonly uri: string
  readonly tokenFile: string
}

/** Left over from somewhere else, they would lead SDKs past the two that are set; not even empty ones may stay. */
const REMOVED = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN']

/** Some SDKs ask the proxy also for loopback addresses. */
const DIRECT = ['127.0.0.1', 'localhost']

/**
 * The environment in which every AWS SDK asks the server at an address: the one given, with as little
 * changed as will do.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function execEnvironment(env: Environment, address: CredentialsAddress): Environment {
  const kept = Object.entries(env).filter(([name]) => !REMOVED.includes(name))
  return {
    ...Object.fromEntries(kept),
    AWS_CONTAINER_CREDENTIALS_FULL_URI: address.uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: address.tokenFile,
    // Programs read one or the other: neither may lose what only its twin says.
    NO_PROXY: withDirect(env['NO_PROXY'] ?? env['no_proxy']),
    no_proxy: withDirect(env['no_proxy'] ?? env['NO_PROXY']),
  }
}

function withDirect(list = ''): string {
  const entries = list
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
  if (entries.includes('*')) return list
  return [...new Set([...entries, ...DIRECT])].join(',')
}

/** Come before container credentials in the chain of every SDK. */
const STRONGER = ['AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE'] as const

/** Keys of a profile that are credentials, or say where to get some. */
const CREDENTIAL_KEYS = [
  'aws_access_key_id',
  'credential_process',
  'credential_source',
  'login_session',
  'role_arn',
  'sso_account_id',
  'sso_start_url',
  'web_identity_token_file',
]

/**
 * What SDKs in this environment would use instead of the server, one sentence each.
 *
 * @param defaultProfile Keys of the `default` profile of the AWS config and credentials files.
 */
export function strongerSources(env: Environment, defaultProfile: readonly string[]): string[] {
  const variables = STRONGER.filter((name) => env[name]).map(
    (name) => `${name} is set: AWS SDKs may use it instead of this server`,
  )
  const key = CREDENTIAL_KEYS.find((name) => defaultProfile.includes(name))
  if (env['AWS_PROFILE'] || key === undefined) return variables
  return [
    ...variables,
    `the default profile has ${key}: AWS SDKs may use it instead of this server`,
  ]
}
