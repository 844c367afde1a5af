import { parsePolicy } from '../policy/parse-policy.js'
import { ARN_FORMS, type Arn } from './arn.js'
import { JsonNode } from './json-node.js'
import { type ReadFile, inlineOrFile, requiredArn } from './members.js'
import type { AttributeMappings, Bucket, Profile, Repository, Role, World } from './model.js'
import { parseTrustAnchor } from './parse-trust-anchor.js'

const DEFAULT_MAPPINGS: AttributeMappings = {
  x509Subject: ['*'],
  x509Issuer: ['*'],
  x509SAN: ['DNS', 'URI', 'Name/*'],
}

/** Dates of what has none of its own. */
const LONG_AGO = new Date('2026-01-01T00:00:00Z')

const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/

/**
 * Reads a state document.
 *
 * @param source How messages name the document.
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`, naming the place of the problem.
 */
export function parseState(document: unknown, source: string, readFile: ReadFile): World {
  const root = new JsonNode(document, source)
  root.only('region', 'trustAnchors', 'profiles', 'roles', 'buckets', 'repositories')
  const all = <T>(name: string, read: (node: JsonNode) => T): T[] =>
    root.optional(name)?.items().map(read) ?? []
  return {
    region: root.optional('region')?.matching(REGION, 'a region'),
    trustAnchors: byArn(root, 'trustAnchors', (node) => parseTrustAnchor(node, readFile)),
    profiles: byArn(root, 'profiles', parseProfile),
    roles: byArn(root, 'roles', parseRole),
    buckets: new Map(
      all('buckets', (node) => parseBucket(node, readFile)).map((bucket) => [bucket.name, bucket]),
    ),
    repositories: all('repositories', parseRepository),
  }
}

function byArn<T extends { arn: Arn }>(
  root: JsonNode,
  name: string,
  read: (node: JsonNode) => T,
): Map<string, T> {
  const found = new Map<string, T>()
  for (const node of root.optional(name)?.items() ?? []) {
    const entry = read(node)
    if (found.has(entry.arn.text)) node.fail('has the ARN of an earlier one')
    found.set(entry.arn.text, entry)
  }
  return found
}

function parseProfile(node: JsonNode): Profile {
  node.only(
    ...['arn', 'enabled', 'roleArns', 'durationSeconds', 'acceptRoleSessionName'],
    ...['attributeMappings', 'sessionPolicy'],
  )
  const roleArns = node.required('roleArns').items()
  if (roleArns.length > 250) node.fail('has more than 250 roles')
  const sessionPolicy = node.optional('sessionPolicy')
  return {
    arn: requiredArn(node, 'profile', 'the ARN of a profile'),
    enabled: node.optional('enabled')?.boolean() ?? true,
    roleArns: roleArns.map((arn) => arn.matching(ARN_FORMS.role, 'the ARN of a role')),
    durationSeconds: node.optional('durationSeconds')?.integer(900, 43_200) ?? 3600,
    acceptRoleSessionName: node.optional('acceptRoleSessionName')?.boolean() ?? false,
    attributeMappings: parseMappings(node.optional('attributeMappings')),
    sessionPolicy: sessionPolicy && parsePolicy(sessionPolicy, 'permissions'),
  }
}

function parseMappings(node: JsonNode | undefined): AttributeMappings {
  if (!node) return DEFAULT_MAPPINGS
  const mappings = { x509Subject: [], x509Issuer: [], x509SAN: [] } as Record<string, string[]>
  for (const entry of node.items()) {
    entry.only('certificateField', 'mappingRules')
    const field = entry.required('certificateField').oneOf('x509Subject', 'x509Issuer', 'x509SAN')
    for (const rule of entry.required('mappingRules').items()) {
      rule.only('specifier')
      mappings[field]?.push(rule.required('specifier').string())
    }
  }
  return { x509Subject: [], x509Issuer: [], x509SAN: [], ...mappings }
}

function parseRole(node: JsonNode): Role {
  node.only('arn', 'maxSessionDuration', 'trustPolicy', 'policies')
  const trustPolicy = node.optional('trustPolicy')
  return {
    arn: requiredArn(node, 'role', 'the ARN of a role'),
    maxSessionDuration: node.optional('maxSessionDuration')?.integer(3600, 43_200) ?? 3600,
    trustPolicy: trustPolicy && parsePolicy(trustPolicy, 'trust'),
    policies: node
      .optional('policies')
      ?.items()
      .map((policy) => parsePolicy(policy, 'permissions')),
  }
}

function parseBucket(node: JsonNode, readFile: ReadFile): Bucket {
  node.only('name', 'region', 'createdAt', 'account', 'objects')
  const createdAt = node.optional('createdAt')
  const created = new Date(createdAt?.string() ?? LONG_AGO)
  if (Number.isNaN(created.getTime())) createdAt?.fail('is not an instant')
  const objects = node.optional('objects')?.items() ?? []
  return {
    name: node.required('name').matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name'),
    region: node.optional('region')?.matching(REGION, 'a region') ?? 'us-east-1',
    createdAt: created,
    account: node.optional('account')?.matching(/^\d{12}$/, 'an account of 12 digits'),
    objects: new Map(
      objects.map((object) => {
        object.only('key', 'content', 'contentFile', 'contentType')
        const stored = {
          content: inlineOrFile(object, 'content', readFile) ?? Buffer.alloc(0),
          contentType:
            object.optional('contentType')?.matching(/^[\x20-\x7e]+$/, 'a media type') ??
            'application/octet-stream',
          modifiedAt: created,
        }
        return [object.required('key').string(), stored]
      }),
    ),
  }
}

function parseRepository(node: JsonNode): Repository {
  node.only('name', 'account', 'region', 'tags', 'policy')
  const policy = node.optional('policy')
  return {
    policy: policy && parsePolicy(policy, 'repository'),
    name: node
      .required('name')
      .matching(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, 'the name of a repository'),
    account: node.required('account').matching(/^\d{12}$/, 'an account of 12 digits'),
    region: node.required('region').matching(REGION, 'a region'),
    tags:
      node
        .optional('tags')
        ?.items()
        .map((tag) => tag.string()) ?? [],
  }
}
