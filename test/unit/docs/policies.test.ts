import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { whyNotAssumable } from '../../../src/emulator/policy/assume-role.js'
import { parsePolicy } from '../../../src/emulator/policy/parse-policy.js'
import { decide, type Policy } from '../../../src/emulator/policy/policy.js'
import { JsonNode } from '../../../src/emulator/state/json-node.js'

const DOCS = new URL('../../../docs/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, DOCS), 'utf8')
const ANCHOR = 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor'

interface Example {
  readonly kind: 'trust' | 'permissions'
  readonly json: string
  readonly rows: readonly (readonly [request: string, answer: string])[]
}

/** Each policy of the guide, with the table of requests that follows it. */
function examplesOf(markdown: string): Example[] {
  const blocks = markdown.matchAll(
    /^<!-- policy (trust|permissions) -->\n```json\n([\s\S]*?)^```\n\n((?:\|.*\n)+)/gm,
  )
  return [...blocks].map(([, kind = '', json = '', rows = '']) => ({
    kind: kind === 'trust' ? 'trust' : 'permissions',
    json,
    rows: rows
      .trim()
      .split('\n')
      .slice(2)
      .map((row) => row.split('|').map((cell) => cell.trim()))
      .map(([, request = '', answer = '']) => [request, answer] as const),
  }))
}

/** `OU=payments, CN=lister, anchor a2` as what a policy sees of the session. */
function contextOf(words: string): Map<string, string[]> {
  const context = new Map([
    ['aws:sourceaccount', ['123456789012']],
    ['aws:sourcearn', [`${ANCHOR}/${/anchor (\w+)/.exec(words)?.[1] ?? 'a1'}`]],
  ])
  const serial = /serial (\w+)/.exec(words)?.[1]
  if (serial !== undefined) context.set('aws:userid', [`AROAEXAMPLE:${serial}`])
  const issued = /issued (\S+)/.exec(words)?.[1]
  if (issued !== undefined) context.set('aws:tokenissuetime', [issued])
  for (const [, name = '', value = ''] of words.matchAll(/\b([A-Z]+)=([^,]+)/g)) {
    const field = name === 'URI' ? 'x509SAN' : 'x509Subject'
    context.set(`aws:principaltag/${field}/${name}`.toLowerCase(), [value])
  }
  return context
}

function answer({ kind }: Example, policy: Policy, request: string): string {
  if (kind === 'permissions') {
    const [, tags = '', action = '', resource = ''] =
      /^(.+?): (\S+:\S+) (\S+)$/.exec(request) ?? expect.fail(`cannot read "${request}"`)
    return decide([policy], { action, resource, context: contextOf(tags) })
  }
  const context = contextOf(request)
  const service = 'rolesanywhere.amazonaws.com'
  const decision = decide([policy], { action: 'sts:AssumeRole', service, context })
  expect(whyNotAssumable(policy, context) === undefined).to.equal(decision === 'allow')
  return decision
}

describe('policies in the guides', () => {
  const documents = readdirSync(DOCS).filter((name) => name.endsWith('.md'))
  const examples = documents.flatMap((name) => examplesOf(read(name)))

  for (const name of documents) {
    // Policies inside of a state file are asked below.
    const policies = [...read(name).matchAll(/^```json\n([\s\S]*?)^```/gm)].filter(
      ([, json = '']) => Object.hasOwn(JSON.parse(json) as object, 'Statement'),
    )
    if (policies.length === 0) continue
    it(`in ${name} all have a table of requests`, () => {
      expect(examplesOf(read(name))).to.have.length(policies.length)
    })
  }

  it('each allow something to somebody, or deny it', () => {
    expect(examples).to.have.length.above(6)
    for (const { rows, json } of examples) {
      const answers = new Set(rows.map(([, answer]) => answer))
      expect([...answers], json).to.have.length.above(1)
    }
  })

  for (const [index, example] of examples.entries()) {
    for (const [request, expected] of example.rows) {
      it(`policy ${index + 1} answers ${expected} to ${request}`, () => {
        const node = new JsonNode(JSON.parse(example.json), `policy ${index + 1}`)
        expect(answer(example, parsePolicy(node, example.kind), request)).to.equal(expected)
      })
    }
  }
})

describe('the state file in docs/emulator.md', () => {
  const [, json = ''] = /^```json\n([\s\S]*?)^```/m.exec(read('emulator.md')) ?? []
  const { roles } = JSON.parse(json) as { roles: { trustPolicy: object; policies: object[] }[] }
  const policy = (document: unknown, kind: Example['kind']): Policy =>
    parsePolicy(new JsonNode(document, 'state file'), kind)

  it('lets its unit have the role, and nobody else', () => {
    const trust = policy(roles[0]?.trustPolicy, 'trust')
    expect(whyNotAssumable(trust, contextOf('OU=payments'))).to.equal(undefined)
    expect(whyNotAssumable(trust, contextOf('OU=marketing'))).to.be.a('string')
  })

  it('permits a list of buckets and no more', () => {
    const permissions = [policy(roles[0]?.policies[0], 'permissions')]
    const ask = (action: string) =>
      decide(permissions, { action, resource: '*', context: contextOf('') })
    expect(ask('s3:ListAllMyBuckets')).to.equal('allow')
    expect(ask('s3:ListBucket')).to.equal('none')
  })
})
