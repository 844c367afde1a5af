export { createSession } from './session/create-session.js'
export { createHttpClient } from './session/http-client.js'
export { fromRolesAnywhere } from './session/from-roles-anywhere.js'
export { keepIdentity } from './session/identity-store.js'
export { keepSession } from './session/session-keeper.js'
export { loadSigner } from './session/load-signer.js'
export { readGeneration } from './session/read-generation.js'
export { sessionSource } from './session/session-source.js'
export { watchFolders } from './session/watch-folders.js'
export { resolveTarget } from './protocol/arn.js'
export { signRequest } from './protocol/sign-request.js'
export {
  containerDocument,
  imdsDocument,
  imdsInfoDocument,
  processDocument,
} from './protocol/documents.js'
export { dockerConfigJson } from './ecr/docker-config.js'
export { getAuthorizationToken } from './ecr/get-authorization-token.js'
export { readRegistryConfig } from './ecr/registry-config.js'
export { parseRegistryHost, privateRegistry, registryHostNames } from './ecr/registry-host.js'
export { registryRoles } from './ecr/registry-roles.js'
export { keepTokens } from './ecr/token-source.js'
export { RolesAnywhereError } from './errors.js'
export { Secret } from './secret.js'
export { systemClock } from './system-clock.js'

export type { Clock, SleepOptions } from './clock.js'
export type { ErrorCode, ErrorKind } from './errors.js'
export type { Logger } from './log.js'
export type { Target, TargetParams } from './protocol/arn.js'
export type { CreateSessionParams } from './protocol/create-session.js'
export type { Endpoint } from './protocol/endpoints.js'
export type { HttpRequest, HttpResponse } from './protocol/http-message.js'
export type { Session, SessionCredentials } from './protocol/session-credentials.js'
export type { Signer } from './protocol/signer.js'
export type { CertificateFacts } from './x509/certificate-facts.js'
export type { DeviceKey } from './x509/device-key.js'
export type { Identity } from './x509/identity.js'
export type { IdentityInput } from './x509/read-identity.js'
export type {
  CreateSessionDeps,
  CreateSessionTarget,
  ObtainedSession,
  Retries,
} from './session/create-session.js'
export type { HttpClientInit, Send } from './session/http-client.js'
export type { CaBundle } from './session/tls-trust.js'
export type { LoadSignerOptions } from './session/load-signer.js'
export type {
  AwsCredentialIdentity,
  AwsCredentialIdentityProvider,
  FromRolesAnywhereDeps,
} from './session/from-roles-anywhere.js'
export type { FromRolesAnywhereInit } from './session/provider-init.js'
export type { IdentityFiles } from './session/identity-files.js'
export type {
  Generation,
  IdentityStore,
  IdentityStoreDeps,
  ReloadFailure,
} from './session/identity-store.js'
export type {
  AttemptOutcome,
  KeeperStatus,
  SessionKeeper,
  SessionKeeperDeps,
} from './session/session-keeper.js'
export type { SessionSourceDeps, Workload } from './session/session-source.js'
export type { ApiEndpointOptions } from './ecr/api-endpoint.js'
export type { AuthorizationToken } from './ecr/authorization-token.js'
export type { DockerConfigEntry } from './ecr/docker-config.js'
export type { GetAuthorizationTokenDeps } from './ecr/get-authorization-token.js'
export type { RegistryConfig, ServiceAccountRule } from './ecr/registry-config.js'
export type {
  PrivateRegistry,
  PublicRegistry,
  Registry,
  RegistryAliases,
  RegistryHost,
} from './ecr/registry-host.js'
export type { RegistryRole, RegistryRoles } from './ecr/registry-roles.js'
export type { TokenSource, TokenSourceDeps, TokenStatus } from './ecr/token-source.js'
