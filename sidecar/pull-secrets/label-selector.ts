import { RolesAnywhereError } from '../../src/errors.js'

/** Tells whether an object with these labels is selected. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean

const KEY = /^([a-z0-9A-Z]([-a-z0-9A-Z.]*[a-z0-9A-Z])?\/)?[a-z0-9A-Z]([-\w.]*[a-z0-9A-Z])?$/
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/
const EQUALITY = /^([^\s!=]+)\s*(==|=|!=)\s*([-\w.]*)$/

/**
 * Reads a label selector as `kubectl` takes it: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`,
 * separated by commas. The empty one selects everything.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function parseLabelSelector(text: string, flag: string): LabelSelector {
  // A comma inside parentheses separates values.
  const requirements = text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => requirement(part, flag))
  return (labels) => requirements.every((holds) => holds(labels))
}

function requirement(text: string, flag: string): LabelSelector {
  const set = SET.exec(text)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    const wanted = operator === 'in'
    return checked(key, flag, (labels) => {
      const value = labels[key]
      return (value !== undefined && values.includes(value)) === wanted
    })
  }
  const equality = EQUALITY.exec(text)
  if (equality) {
    const [, key = '', operator, value = ''] = equality
    const wanted = operator !== '!='
    return checked(key, flag, (labels) => (labels[key] === value) === wanted)
  }
  const absent = text.startsWith('!')
  const key = absent ? text.slice(1).trim() : text
  return checked(key, flag, (labels) => Object.hasOwn(labels, key) !== absent)
}

function checked(key: string, flag: string, selector: LabelSelector): LabelSelector {
  if (KEY.test(key)) return selector
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${flag} is not a label selector`, {
    hint: `write it as for kubectl: --${flag} 'team in (a,b),!legacy'`,
  })
}
