/** The container that serves credentials. */
export const SIDECAR = 'rolesanywhere-sidecar'
/** The init container that makes the tokens where nothing else makes them in time. */
export const TOKEN_MAKER = 'rolesanywhere-token'

/** The container that keeps a credentials file for old clients, and the volume that the file is in. */
export const FILE_KEEPER = 'rolesanywhere-credentials-file'
/** All of them: none ever gets credentials itself. */
export const OWN_CONTAINERS: readonly string[] = [SIDECAR, TOKEN_MAKER, FILE_KEEPER]

/** Volume with certificate and private key, in the sidecar alone. */
export const IDENTITY_VOLUME = 'rolesanywhere-identity'
/** Volume of the token of the default role. */
export const TOKEN_VOLUME = 'rolesanywhere-token'

/** Volume of the token of a role that has one of its own. */
export const roleTokenVolume = (role: string): string => `${TOKEN_VOLUME}-${role}`

/** Volume that stays empty: it lies where a container would be given the token of the service account. */
export const NO_API_TOKEN_VOLUME = 'rolesanywhere-no-api-token'
/** Where the API server mounts that token in every container that has nothing there. */
export const API_TOKEN_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where an application finds its token's volume, whichever role it is for. */
export const APP_MOUNT = '/var/run/secrets/rolesanywhere.io'
/** The token itself. */
export const APP_TOKEN_FILE = `${APP_MOUNT}/token`

/** Where an application that asked for it finds the volume of its credentials file. */
export const APP_FILE_MOUNT = '/var/run/secrets/rolesanywhere.io-credentials'
/** The credentials file itself. */
export const APP_CREDENTIALS_FILE = `${APP_FILE_MOUNT}/credentials`

/** Path of {@link IDENTITY_VOLUME} in the sidecar. */
export const IDENTITY_MOUNT = '/run/rolesanywhere/identity'
/** Path of {@link TOKEN_VOLUME} in the sidecar. */
export const TOKEN_MOUNT = '/run/rolesanywhere/token'
/** Path of {@link roleTokenVolume} in the sidecar. */
export const roleTokenMount = (role: string): string => `/run/rolesanywhere/role-tokens/${role}`

/** Path of the credentials file's volume in the container that keeps it. */
export const FILE_MOUNT = '/run/rolesanywhere/credentials-file'

/** A role's name is part of a volume's name, which Kubernetes allows 63 characters. */
export const ROLE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/
