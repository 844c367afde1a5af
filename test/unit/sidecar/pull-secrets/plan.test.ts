import { expect } from 'chai'
import fc from 'fast-check'
import {
  type AccountFacts,
  type NamespaceState,
  planNamespace,
} from '../../../../sidecar/pull-secrets/plan.js'
import type { RegistryEntry, SecretFacts } from '../../../../sidecar/pull-secrets/pull-secret.js'
import { Secret } from '../../../../src/secret.js'

const HOUR_MS = 3_600_000
const NOW = new Date('2026-06-01T00:00:00Z')
const A = '111122223333.dkr.ecr.eu-central-1.amazonaws.com'
const B = '444455556666.dkr.ecr.us-east-1.amazonaws.com'

const entry = (registry: string, hoursLeft: number): RegistryEntry => ({
  registry,
  hosts: [registry],
  token: {
    username: 'AWS',
    password: new Secret('p'),
    expiresAt: new Date(NOW.getTime() + hoursLeft * HOUR_MS),
    lifeMs: 12 * HOUR_MS,
  },
})

const held = (hoursLeft: Record<string, number>, more: Partial<SecretFacts> = {}): SecretFacts => ({
  uid: 'u',
  resourceVersion: '1',
  owned: true,
  intact: true,
  terminating: false,
  expirations: new Map(
    Object.entries(hoursLeft).map(([name, hours]) => [name, NOW.getTime() + hours * HOUR_MS]),
  ),
  ...more,
})

const account = (
  name: string,
  pullSecrets: string[],
  served = true,
  more: Partial<AccountFacts> = {},
): AccountFacts => ({
  name,
  uid: name,
  resourceVersion: '1',
  served,
  pullSecrets,
  added: pullSecrets.includes('ecr'),
  annotated: true,
  ...more,
})

const state = (more: Partial<NamespaceState> = {}): NamespaceState => ({
  wanted: true,
  secretName: 'ecr',
  accounts: [],
  entries: [entry(A, 12)],
  registries: [A],
  ...more,
})

const stepOf = (more: Partial<NamespaceState>): string =>
  planNamespace(state(more), NOW).secret.kind

describe('planNamespace', () => {
  for (const { what, given, step } of [
    { what: 'makes what is missing', given: {}, step: 'create' },
    { what: 'waits without a password', given: { entries: [] }, step: 'wait' },
    { what: 'leaves a fresh one alone', given: { secret: held({ [A]: 11 }) }, step: 'none' },
    { what: 'renews in the second half', given: { secret: held({ [A]: 5 }) }, step: 'update' },
    {
      what: 'does not rewrite with a password that ends no later',
      given: { secret: held({ [A]: 5 }), entries: [entry(A, 5)] },
      step: 'none',
    },
    {
      what: 'leaves the last good one alone while there is no password',
      given: { secret: held({ [A]: 1 }), entries: [] },
      step: 'none',
    },
    {
      what: 'puts back what somebody edited',
      given: { secret: held({ [A]: 11 }, { intact: false }) },
      step: 'update',
    },
    {
      what: 'does not put back without a password',
      given: { secret: held({ [A]: 11 }, { intact: false }), entries: [] },
      step: 'wait',
    },
    {
      what: 'adds a registry',
      given: {
        secret: held({ [A]: 11 }),
        entries: [entry(A, 11), entry(B, 12)],
        registries: [A, B],
      },
      step: 'update',
    },
    {
      what: 'waits with a registry whose password is not there',
      given: { secret: held({ [A]: 11 }), registries: [A, B] },
      step: 'none',
    },
    {
      what: 'takes a registry away',
      given: { secret: held({ [A]: 11, [B]: 11 }) },
      step: 'update',
    },
    {
      what: 'never touches one of somebody else',
      given: { secret: held({}, { owned: false, intact: false }) },
      step: 'refuse',
    },
    {
      what: 'removes its own where it is no longer wanted',
      given: { wanted: false, secret: held({ [A]: 11 }) },
      step: 'delete',
    },
    {
      what: 'leaves that of somebody else where nothing is wanted',
      given: { wanted: false, secret: held({}, { owned: false }) },
      step: 'none',
    },
    {
      what: 'waits for one that is being deleted',
      given: { secret: held({ [A]: 1 }, { terminating: true }) },
      step: 'wait',
    },
  ]) {
    it(what, () => {
      expect(stepOf(given)).to.equal(step)
    })
  }

  it('puts the Secret on the lists that lack it, and takes it off the others', () => {
    const accounts = [
      account('default', ['other']),
      account('has', ['ecr']),
      account('not-served', [], false),
      account('no-longer', ['x', 'ecr'], false),
    ]
    const { add, remove } = planNamespace(state({ accounts }), NOW)
    expect(add.map(({ name }) => name)).to.deep.equal(['default'])
    expect(remove.map(({ name }) => name)).to.deep.equal(['no-longer'])
    const gone = planNamespace(state({ accounts, wanted: false }), NOW)
    expect(gone.remove.map(({ name }) => name)).to.deep.equal(['has', 'no-longer'])
  })

  it('touches no list because of a Secret of somebody else', () => {
    const accounts = [account('default', []), account('named', ['ecr'], false)]
    const plan = planNamespace(state({ accounts, secret: held({}, { owned: false }) }), NOW)
    expect([...plan.add, ...plan.remove]).to.deep.equal([])
  })

  it('takes off no list what somebody else put on it, whether or not there is a Secret', () => {
    const accounts = [account('theirs', ['ecr'], false, { added: false })]
    for (const secret of [undefined, held({}, { owned: false }), held({ [A]: 11 })]) {
      for (const wanted of [true, false]) {
        const { remove } = planNamespace(
          state({ accounts, wanted, ...(secret && { secret }) }),
          NOW,
        )
        expect(remove).to.deep.equal([])
      }
    }
  })

  it('needs nothing more once its plan is carried out', () => {
    const names = [A, B]
    fc.assert(
      fc.property(
        fc.record({
          wanted: fc.boolean(),
          owned: fc.boolean(),
          intact: fc.boolean(),
          exists: fc.boolean(),
          left: fc.tuple(fc.integer({ min: -3, max: 12 }), fc.integer({ min: -3, max: 12 })),
          tokens: fc.subarray(names),
          lists: fc.array(fc.tuple(fc.boolean(), fc.subarray(['ecr', 'x', 'y']), fc.boolean()), {
            maxLength: 4,
          }),
        }),
        ({ wanted, owned, intact, exists, left, tokens, lists }) => {
          const entries = tokens.map((name) => entry(name, 12))
          const secret = held({ [A]: left[0], [B]: left[1] }, { owned, intact })
          const accounts = lists.map(([served, list, added], n) =>
            account(`sa-${n}`, list, served, { added }),
          )
          const before = state({
            wanted,
            accounts,
            entries,
            registries: names,
            ...(exists && { secret }),
          })
          const plan = planNamespace(before, NOW)
          const again = planNamespace(carriedOut(before, plan), NOW)
          expect(['none', 'wait', 'refuse']).to.include(again.secret.kind)
          if (plan.secret.kind !== 'delete') {
            expect([...again.add, ...again.remove]).to.deep.equal([])
          }
        },
      ),
    )
  })
})

/** What the API server holds after a plan. */
function carriedOut(
  before: NamespaceState,
  { secret: step, add, remove }: ReturnType<typeof planNamespace>,
): NamespaceState {
  const { secret, ...rest } = before
  const left = new Map(secret?.expirations)
  const kept = [...left].filter(
    ([name, ms]) => before.registries.includes(name) && ms > NOW.getTime(),
  )
  const renewed = before.entries.map((e) => [e.registry, e.token.expiresAt.getTime()] as const)
  const written: SecretFacts = { ...held({}), expirations: new Map([...kept, ...renewed]) }
  const after =
    step.kind === 'create' || step.kind === 'update'
      ? written
      : step.kind === 'delete'
        ? undefined
        : secret
  const accounts = before.accounts.map((each) => {
    if (add.includes(each))
      return { ...each, added: true, pullSecrets: [...each.pullSecrets, 'ecr'] }
    if (!remove.includes(each)) return each
    const pullSecrets = each.pullSecrets.filter((name) => name !== 'ecr')
    return { ...each, added: false, pullSecrets }
  })
  return { ...rest, accounts, ...(after && { secret: after }) }
}
