import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Attribute, Block, ProviderSchema } from './schema.js'

/**
 * Writes schema.json: what the AWS provider for Terraform says of the resources that the module
 * uses. The provider itself cannot be asked without its registry; the typed bindings that are made
 * from it can: npm pack @cdktf/provider-aws, unpack, and
 *
 *     npx tsx test/provider/write-schema.ts FOLDER
 */
const RESOURCES = [
  ...['rolesanywhere-trust-anchor', 'rolesanywhere-profile', 'iam-role', 'iam-role-policy'],
  ...['ecr-repository', 'ecr-lifecycle-policy', 'ecr-repository-policy', 'cloudformation-stack'],
  ...['sns-topic', 'sns-topic-subscription', 'sns-topic-policy', 'cloudwatch-event-rule'],
  ...['cloudwatch-event-target', 'cloudwatch-metric-alarm'],
]
const DATA_SOURCES = ['data-aws-caller-identity', 'data-aws-partition', 'data-aws-region']

/** Blocks that the module uses. What is left out here would be refused as unknown, and not passed over. */
const BLOCKS = new Set([
  ...['source', 'source_data', 'notification_settings', 'image_scanning_configuration'],
  'encryption_configuration',
])

const [folder = '.'] = process.argv.slice(2)
const read = (name: string): string => readFileSync(join(folder, 'lib', name, 'index.js'), 'utf8')

const schema: ProviderSchema = {
  version: /providerVersion: '([^']+)'/.exec(read('rolesanywhere-profile'))?.[1] ?? '',
  resources: Object.fromEntries(RESOURCES.map((name) => [typeName(name), rootOf(name)])),
  dataSources: Object.fromEntries(
    DATA_SOURCES.map((name) => [typeName(name.slice('data-aws-'.length)), rootOf(name)]),
  ),
}
const path = fileURLToPath(new URL('schema.json', import.meta.url))
writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`)

function typeName(name: string): string {
  return `aws_${name.replaceAll('-', '_')}`
}

/** The source before its comments went, which say what is required and what is computed. */
function sourceOf(name: string): string {
  const [, map = ''] = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(read(name)) ?? []
  const decoded = JSON.parse(Buffer.from(map, 'base64').toString()) as { sourcesContent: string[] }
  return decoded.sourcesContent[0] ?? ''
}

function rootOf(name: string): Block {
  const source = sourceOf(name)
  const [, root = ''] = /^export class (\w+) extends cdktf\.Terraform\w+ \{/m.exec(source) ?? []
  return blockOf(root, source)
}

function blockOf(className: string, source: string): Block {
  const [, after = ''] = source.split(new RegExp(`^export class ${className} extends .*$`, 'm'))
  const [body = ''] = after.split(/^export (?:class|function|interface) /m)
  const members = [
    ...body.matchAll(
      /^ {2}\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n([\s\S]*?)(?=^ {2}\/\/ \w+ - computed|$(?![\s\S]))/gm,
    ),
  ]
  const block: { attributes: Record<string, Attribute>; blocks: Record<string, Block> } = {
    attributes: {},
    blocks: {},
  }
  for (const [, name = '', computed, optional, required, code = ''] of members) {
    const nested = /= new (\w+?)(OutputReference|List)\(this, "\w+"(?:, (true|false))?\)/.exec(code)
    if (!nested) {
      const flags = `${required === 'true' ? 'r' : ''}${optional === 'true' ? 'o' : ''}`
      block.attributes[name] = `${typeOf(code)} ${flags}${computed === 'true' ? 'c' : ''}`
    } else if (BLOCKS.has(name)) {
      const [, type = '', kind, set] = nested
      block.blocks[name] = {
        ...blockOf(`${type}OutputReference`, source),
        nesting: set === 'true' ? 'set' : 'list',
        ...(kind === 'OutputReference' && { maxItems: 1 }),
        ...(required === 'true' && { minItems: 1 }),
      }
    }
  }
  return block
}

function typeOf(code: string): string {
  const [, set, kind = ''] = /(Fn\.tolist\()?this\.get(\w+)Attribute\(/.exec(code) ?? []
  const types: Record<string, string> = {
    String: 'string',
    Boolean: 'bool',
    Number: 'number',
    StringMap: 'map',
    List: set === undefined ? 'list' : 'set',
  }
  return types[kind] ?? 'string'
}
