import type { CredentialProviderConfig } from './provider-config.js'

type Value = string | boolean | readonly Value[] | { readonly [name: string]: Value | undefined }

/**
 * A configuration as YAML. Texts are written as JSON has them, which YAML reads the same way, so that
 * none of them turns into a number, a truth value or an alias.
 */
export function providerConfigYaml(config: CredentialProviderConfig): string {
  return `${lines(config as unknown as Value, '').join('\n')}\n`
}

function lines(value: Value, indent: string): string[] {
  if (Array.isArray(value))
    return (value as readonly Value[]).flatMap((item) => listItem(item, indent))
  if (typeof value !== 'object') return [`${indent}${scalar(value)}`]
  return Object.entries(value).flatMap(([name, member]) => {
    if (member === undefined) return []
    if (typeof member !== 'object') return [`${indent}${name}: ${scalar(member)}`]
    return [`${indent}${name}:`, ...lines(member, `${indent}  `)]
  })
}

/** The first line of an item stands behind its dash. */
function listItem(item: Value, indent: string): string[] {
  const [first = '', ...rest] = lines(item, `${indent}  `)
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest]
}

/** Plain where nobody could take it for anything but a text. */
const scalar = (value: string | boolean): string =>
  typeof value === 'string' && !/^[A-Za-z][\w./-]*$/.test(value)
    ? JSON.stringify(value)
    : plain(value)

const plain = (value: string | boolean): string =>
  /^(true|false|yes|no|on|off|null|y|n)$/i.test(String(value)) && typeof value === 'string'
    ? JSON.stringify(value)
    : String(value)
