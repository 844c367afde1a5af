/** What the program reads beside the settings and flags of its tables. A check finds what is missing. */
export const FURTHER_VARIABLES: Readonly<Record<string, string>> = {
  ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE:
    'passphrase of an encrypted key or PKCS#12 file; a file wins',
  ROLESANYWHERE_PKCS11_PIN: 'PIN of a PKCS#11 token; a file wins',
  ROLESANYWHERE_CACHE_DIR: 'folder of the session cache; default: rolesanywhere in XDG_CACHE_HOME',
  ROLESANYWHERE_POD_NAME: "name of the pod, for the injector's election of a leader",
  XDG_CACHE_HOME: 'folder of caches; default: ~/.cache',
  HOME: 'where ~ is',
  PATH: 'where exec looks for its command',
  USERPROFILE: 'where ~ is, on Windows',
  HOSTNAME: 'name of this machine or pod, where one is needed to tell processes apart',
  AWS_CONFIG_FILE: 'AWS config file; default: ~/.aws/config',
  AWS_SHARED_CREDENTIALS_FILE: 'shared credentials file; default: ~/.aws/credentials',
  AWS_MAX_ATTEMPTS: 'attempts of one CreateSession call, deadline permitting; default: 3',
  AWS_REGION: 'region, where a command has no better source',
  AWS_DEFAULT_REGION: 'the same, after AWS_REGION',
  AWS_ENDPOINT_URL_ECR: 'endpoint of Amazon ECR',
  AWS_ENDPOINT_URL_ECR_PUBLIC: 'endpoint of Amazon ECR Public',
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true: endpoints in variables and config files do not count',
  HTTPS_PROXY: 'proxy for https; lower case as well',
  NO_PROXY: 'hosts that are reached without a proxy; lower case as well',
  NO_COLOR: 'set to anything: no colours',
  TERM: 'dumb: no colours',
  NODE_EXTRA_CA_CERTS: 'extra roots for TLS, as Node itself reads them',
  NODE_COMPILE_CACHE: "folder of Node's compile cache, instead of one in the cache folder",
}

/** Files that the program reads or makes where no flag names another place. */
export const FILES: readonly (readonly [path: string, what: string])[] = [
  ['~/.aws/config', 'settings of --config-profile: the keys rolesanywhere_* of a profile'],
  ['~/.aws/credentials', 'the shared credentials file that update writes'],
  ['~/.cache/rolesanywhere', 'the session cache, and compiled code; removing it is harmless'],
]
