import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { whyNotAssumable } from '../../../src/emulator/policy/assume-role.js'
import { parsePolicy } from '../../../src/emulator/policy/parse-policy.js'
import { decide, type Policy } from '../../../src/emulator/policy/policy.js'
import { JsonNode } from '../../../src/emulator/state/json-node.js'

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), 'utf8')
const GUIDE = read('session-tags')
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
  const examples = [...examplesOf(GUIDE), ...examplesOf(read('rotation-and-revocation'))]

  it('all have a table of requests', () => {
    expect(examplesOf(GUIDE)).to.have.length(GUIDE.match(/^```json$/gm)?.length ?? 0)
    expect(examples.length).to.be.above(6)
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
