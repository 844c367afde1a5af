import { readFileSync } from 'node:fs'

/** A type, and how it is set: `r` required, `o` optional, `c` computed. Collections hold texts. */
export type Attribute = string

/** What a resource, a data source or a block inside of one may hold. */
export interface Block {
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly blocks: Readonly<Record<string, Block>>
  readonly nesting?: 'list' | 'set'
  readonly minItems?: number
  readonly maxItems?: number
}

/** The part of the AWS provider that the module uses. */
export interface ProviderSchema {
  /** Of the provider. */
  readonly version: string
  readonly resources: Readonly<Record<string, Block>>
  readonly dataSources: Readonly<Record<string, Block>>
}

/** The schema that write-schema.ts wrote. */
export const SCHEMA = JSON.parse(
  readFileSync(new URL('schema.json', import.meta.url), 'utf8'),
) as ProviderSchema

/** An attribute's type as Terraform writes it, and its flags. */
export function readAttribute(attribute: Attribute): {
  readonly type: unknown
  readonly required: boolean
  readonly optional: boolean
  readonly computed: boolean
} {
  const [name = '', flags = ''] = attribute.split(' ')
  return {
    type: ['list', 'set', 'map'].includes(name) ? [name, 'string'] : name,
    required: flags.includes('r'),
    optional: flags.includes('o'),
    computed: flags.includes('c'),
  }
}
