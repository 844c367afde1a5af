import { refusal } from '../refusal.js'
import { checkSessionName } from '../settings/setting-checks.js'
import type { Pod } from './pod.js'

/** Limit of the CreateSession API. */
const MAX_LENGTH = 64
/** Names that the API server or a controller makes from a prefix are no longer than a label. */
const MAX_GENERATED_NAME = 63

/** Variable of the sidecar that holds the pod's name. */
export const POD_NAME_VARIABLE = 'ROLESANYWHERE_POD_NAME'

/** A session name as an argument. */
export interface SessionName {
  /** With a reference to {@link POD_NAME_VARIABLE} where the pod's name is not known yet. */
  readonly text: string
  readonly needsPodName: boolean
}

/**
 * Fills in `{ns}`, `{sa}` and `{pod}`, and cuts the name to the length that the service accepts. A
 * controller's pod has no name at admission: the kubelet fills it in, so the rest is cut to leave
 * room for the longest one.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` when the result is no session name.
 */
export function sessionNameOf(
  template: string,
  pod: Pod,
  who: {
    readonly namespace: string
    readonly serviceAccount: string
    readonly longestPodName?: number | undefined
  },
): SessionName {
  const known: Readonly<Record<string, string>> = { ns: who.namespace, sa: who.serviceAccount }
  const fill = (text: string): string =>
    text.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) => {
      const value = known[name]
      if (value !== undefined) return value
      throw refusal(
        'setting-invalid',
        `role-session-name: {${name}} stands for nothing`,
        'use {ns}, {sa} and {pod}',
      )
    })
  const parts = template.split('{pod}')
  const name = pod.metadata?.name
  if (parts.length === 1 || (typeof name === 'string' && name !== '')) {
    const whole = parts.map(fill).join(typeof name === 'string' ? name : '')
    return { text: checkSessionName(whole.slice(0, MAX_LENGTH), WHERE), needsPodName: false }
  }
  if (parts.length > 2) {
    throw refusal('setting-invalid', 'role-session-name: {pod} comes more than once')
  }
  const [before = '', after = ''] = parts.map(fill)
  const room = MAX_LENGTH - longestName(pod, who.longestPodName)
  const head = before.slice(0, room)
  const tail = after.slice(0, room - head.length)
  // One character stands for the pod's name; all of a name's characters may be in a session name.
  checkSessionName(`${head}xx${tail}`, WHERE)
  return { text: `${head}$(${POD_NAME_VARIABLE})${tail}`, needsPodName: true }
}

const WHERE = 'role-session-name'

function longestName({ metadata }: Pod, longest = MAX_GENERATED_NAME): number {
  const prefix = metadata?.generateName
  // Five random characters follow the prefix.
  return typeof prefix === 'string' && prefix !== ''
    ? Math.min(prefix.length + 5, MAX_GENERATED_NAME)
    : Math.min(longest, MAX_GENERATED_NAME)
}
