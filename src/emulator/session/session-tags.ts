import type { AttributeMappings } from '../state/model.js'
import type { Certificate } from '../x509/certificate.js'
import type { Attribute } from '../x509/name.js'

/** Most session tags that STS takes. */
export const MAX_TAGS = 50

/** What STS allows in a tag value. */
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u

/**
 * The session tags that the service derives from a certificate, by key. Values of one attribute
 * type are joined by `/` in certificate order; values that STS does not take are dropped.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mappings.html
 */
export function sessionTags(
  certificate: Certificate,
  mappings: AttributeMappings,
): ReadonlyMap<string, string> {
  const { subject, issuer, alternativeNames } = certificate
  const { dns, uri, directoryName } = alternativeNames
  const alternatives = [
    ...(dns === undefined ? [] : [['DNS', dns] as const]),
    ...(uri === undefined ? [] : [['URI', uri] as const]),
    ...byType(directoryName).map(([type, value]) => [`Name/${type}`, value] as const),
  ]
  const candidates = [
    ...select('x509Subject', byType(subject), mappings.x509Subject),
    ...select('x509Issuer', byType(issuer), mappings.x509Issuer),
    ...select('x509SAN', alternatives, mappings.x509SAN),
  ]
  return new Map(candidates.filter(([, value]) => TAG_VALUE.test(value)))
}

type Entry = readonly [specifier: string, value: string]

function byType(attributes: readonly Attribute[]): Entry[] {
  const values = new Map<string, string[]>()
  for (const { type, value } of attributes) {
    const same = values.get(type)
    if (same) same.push(value)
    else values.set(type, [value])
  }
  return [...values].map(([type, list]) => [type, list.join('/')])
}

function select(field: string, entries: readonly Entry[], rules: readonly string[]): Entry[] {
  return entries
    .filter(([specifier]) => rules.some((rule) => covers(rule, specifier)))
    .map(([specifier, value]) => [`${field}/${specifier}`, value])
}

const covers = (rule: string, specifier: string): boolean =>
  rule === specifier ||
  rule === '*' ||
  (rule.endsWith('/*') && specifier.startsWith(rule.slice(0, -1)))
