import type { AllowRule } from '../config/injector-config.js'
import { refusal } from '../refusal.js'
import type { InjectionSettings } from './resolve-settings.js'

/** Whether a pattern fits a whole text; `*` stands for any text, an empty one included. */
export function globMatches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return text === head
  const tail = rest.pop() ?? ''
  if (!text.startsWith(head) || text.length < head.length + tail.length) return false
  if (!text.endsWith(tail)) return false
  let at = head.length
  const end = text.length - tail.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

const anyMatches = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => globMatches(pattern, text))

/** Who asks. */
export interface Workload {
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * Checks every role that a pod would get, the certificate included, against the rules: one rule must
 * permit all of it for the pod's namespace and service account. It holds whichever layer a value came
 * from.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`, rule `allow-list`, naming the rules that came
 *   near.
 */
export function checkAllowed(
  rules: readonly AllowRule[] | undefined,
  settings: InjectionSettings,
  { namespace, serviceAccount }: Workload,
): void {
  if (!rules) return
  const who = `service account ${namespace}/${serviceAccount}`
  const covering = rules.filter(
    (rule) =>
      anyMatches(rule.namespaces, namespace) && anyMatches(rule.serviceAccounts, serviceAccount),
  )
  if (covering.length === 0) {
    throw refusal('allow-list', `no rule of the allow-list covers ${who}`, ASK)
  }
  const names = covering.map(({ name }) => `"${name}"`).join(', ')
  for (const roleArn of settings.roleArns.values()) {
    const claims = claimsOf(settings, roleArn)
    const missing = covering.map((rule) =>
      claims.find(({ text, key }) => !anyMatches(rule[key], text)),
    )
    if (missing.includes(undefined)) continue
    const what = missing[0]
    throw refusal(
      'allow-list',
      `${who} may not use ${what?.what ?? ''} ${what?.text ?? ''}: ${covering.length > 1 ? 'rules' : 'rule'} ${names} of the allow-list ${covering.length > 1 ? 'permit' : 'permits'} others`,
      ASK,
    )
  }
}

const ASK = 'ask the owners of the injector configuration'

type Claim = {
  readonly what: string
  readonly text: string
  readonly key: 'roleArns' | 'profileArns' | 'trustAnchorArns' | 'certificates'
}

function claimsOf(settings: InjectionSettings, roleArn: string): readonly Claim[] {
  const { certificate } = settings
  const kind = certificate.kind === 'spiffe' ? 'issuer' : certificate.kind
  return [
    { what: 'role', text: roleArn, key: 'roleArns' },
    { what: 'profile', text: settings.profileArn, key: 'profileArns' },
    { what: 'trust anchor', text: settings.trustAnchorArn, key: 'trustAnchorArns' },
    { what: 'certificate source', text: `${kind}/${certificate.name}`, key: 'certificates' },
  ]
}
