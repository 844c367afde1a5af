import { refusal } from '../refusal.js'

/** Items of `A, B` without the spaces around them; empty ones are left out. */
export const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

/**
 * Pairs of `NAME=VALUE, …`.
 *
 * @param where Names the annotation in messages.
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` for a bad form or a name that comes twice.
 */
export function pairsOf(text: string, where: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const item of listOf(text)) {
    const at = item.indexOf('=')
    const name = item.slice(0, Math.max(at, 0)).trim()
    const value = item.slice(at + 1).trim()
    if (at < 0 || name === '' || value === '') {
      throw refusal(
        'annotation-invalid',
        `${where} is not NAME=VALUE,…`,
        'separate pairs by commas',
      )
    }
    if (pairs.has(name)) throw refusal('annotation-invalid', `${where} names "${name}" twice`)
    pairs.set(name, value)
  }
  return pairs
}

/**
 * Whether a switch is on.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` unless the text is `true` or `false`.
 */
export function truthOf(text: string, where: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw refusal('annotation-invalid', `${where} is neither "true" nor "false"`)
}

/**
 * One of some words.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function wordOf<T extends string>(text: string, words: readonly T[], where: string): T {
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw refusal('annotation-invalid', `${where} is not one of ${words.join(', ')}`)
}
