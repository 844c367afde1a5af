import { RolesAnywhereError } from '../../src/errors.js'

/** Why a pod is not admitted, by the name under which docs/injector.md explains it. */
export type RefusalRule =
  | 'allow-list'
  | 'annotation-invalid'
  | 'certificate-source'
  | 'existing-credentials'
  | 'host-network'
  | 'mount-path-taken'
  | 'name-taken'
  | 'pod-invalid'
  | 'pod-would-not-end'
  | 'ports-taken'
  | 'setting-invalid'
  | 'setting-missing'
  | 'sidecar-mode'
  | 'sidecar-patch'
  | 'windows'

/** What a person who applies a pod should know although it is admitted. */
export type WarningRule =
  | 'annotation-unknown'
  | 'certificate-missing'
  | 'container-unknown'
  | 'containers-none'
  | 'credentials-file'
  | 'environment-from'
  | 'existing-credentials'
  | 'gate-without-effect'
  | 'host-network'
  | 'imds'
  | 'init-without-credentials'
  | 'key-shared'
  | 'kubelet-version'
  | 'label-without-effect'
  | 'mesh'
  | 'own-endpoint'
  | 'pod-would-not-end'
  | 'quality-of-service'
  | 'role-unused'
  | 'session-short'
  | 'shared-processes'

/** A refusal as data. */
export interface Refusal {
  readonly rule: RefusalRule
  /** Lower case first letter, no period; never a value of the pod's environment. */
  readonly message: string
  /** What to do. */
  readonly hint?: string
}

/** A warning as data. */
export interface Warning {
  readonly rule: WarningRule
  readonly message: string
}

/** Takes one warning. */
export type Warn = (rule: WarningRule, message: string) => void

/** The error that carries a refusal to whoever turns it into an answer. */
export function refusal(rule: RefusalRule, message: string, hint?: string): RolesAnywhereError {
  const cause: Refusal = { rule, message, ...(hint !== undefined && { hint }) }
  return new RolesAnywhereError('ERR_RA_INJECTION_REFUSED', `${message} (rule ${rule})`, {
    cause,
    ...(hint !== undefined && { hint }),
  })
}

/** The refusal that an error carries; `undefined` for every other error. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof RolesAnywhereError)) return undefined
  return error.code === 'ERR_RA_INJECTION_REFUSED' ? (error.cause as Refusal) : undefined
}
