import { expect } from 'chai'
import type { AuthorizationToken } from '../../../src/ecr/authorization-token.js'
import { parseRegistryHost, type Registry } from '../../../src/ecr/registry-host.js'
import { registryRoles } from '../../../src/ecr/registry-roles.js'
import { keepTokens, type TokenSource } from '../../../src/ecr/token-source.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/log.js'
import { Secret } from '../../../src/secret.js'
import { ManualClock } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'

const HOUR = 3_600_000
const registry = (host: string): Registry => parseRegistryHost(host)?.registry as Registry
const OWN = registry('123456789012.dkr.ecr.eu-central-1.amazonaws.com')

describe('keepTokens', () => {
  let clock: ManualClock
  let calls: number
  let failing: boolean
  let dice: number
  let source: TokenSource

  const roles = registryRoles(
    new Map([['210987654321', { roleArn: 'arn:aws:iam::123456789012:role/other' }]]),
  )
  const token = (): AuthorizationToken => ({
    username: 'AWS',
    password: new Secret(`password ${calls}`),
    expiresAt: new Date(clock.now().getTime() + 12 * HOUR),
    obtainedAt: clock.now(),
    lifeMs: 12 * HOUR,
  })

  beforeEach(() => {
    clock = new ManualClock()
    calls = 0
    failing = false
    const fetch = async (): Promise<AuthorizationToken> => {
      calls++
      await Promise.resolve()
      if (failing) throw new RolesAnywhereError('ERR_RA_SERVICE_FAILED', 'down')
      return token()
    }
    dice = 0
    source = keepTokens(fetch, { clock, random: () => dice, log: silentLogger, roles })
  })

  it('makes one call for five hundred who ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 500 }, async () => source.token(OWN)))
    expect(new Set(all).size).to.equal(1)
    expect(calls).to.equal(1)
  })

  it('shares a password between the accounts and the host names of a region', async () => {
    await source.token(OWN)
    await source.token(registry('333333333333.dkr.ecr.eu-central-1.amazonaws.com'))
    await source.token(registry('123456789012.dkr-ecr.eu-central-1.on.aws'))
    expect(calls).to.equal(1)
  })

  for (const [what, host] of [
    ['another region', '123456789012.dkr.ecr.us-west-2.amazonaws.com'],
    ['another role', '210987654321.dkr.ecr.eu-central-1.amazonaws.com'],
    ['the public gallery', 'public.ecr.aws'],
  ] as const) {
    it(`has another password for ${what}`, async () => {
      await source.token(OWN)
      await source.token(registry(host))
      expect(calls).to.equal(2)
    })
  }

  it('renews at half of the life, and not before', async () => {
    const first = await source.token(OWN)
    expect(source.status(OWN).nextAttemptAt).to.deep.equal(
      new Date(clock.now().getTime() + 6 * HOUR),
    )
    await clock.advance(6 * HOUR - 1)
    expect(await source.token(OWN)).to.equal(first)
    await clock.advance(1)
    expect(await source.token(OWN)).to.not.equal(first)
  })

  it('renews at once when the wall clock jumps 13 hours', async () => {
    const first = await source.token(OWN)
    clock.jump(13 * HOUR)
    expect(source.status(OWN).token).to.equal(undefined)
    expect(await source.token(OWN)).to.not.equal(first)
  })

  it('is not held up by a wall clock that was set back', async () => {
    const first = await source.token(OWN)
    clock.jump(-24 * HOUR)
    await clock.advance(6 * HOUR)
    expect(await source.token(OWN)).to.not.equal(first)
  })

  it('keeps what it holds when renewing fails, and tries again after a pause', async () => {
    const first = await source.token(OWN)
    failing = true
    await clock.advance(7 * HOUR)
    expect(await source.token(OWN)).to.equal(first)
    expect(await source.token(OWN)).to.equal(first)
    expect(calls).to.equal(2)
    expect(source.status(OWN)).to.include({ failures: 1, token: first })
    failing = false
    await clock.advance(60_000)
    expect(await source.token(OWN)).to.not.equal(first)
    expect(source.status(OWN).failures).to.equal(0)
  })

  /** Asks for hours while nothing works; the longest pause between two calls in the last of them. */
  async function longestPauseMs(hours: number): Promise<number> {
    failing = true
    dice = 0.999999
    await clock.advance(hours * HOUR)
    let [longest, since, before] = [0, 0, calls]
    for (let second = 0; second < 3_600; second++) {
      await source.token(OWN).catch(() => {})
      if (calls > before && second > 1_800) longest = Math.max(longest, second - since)
      if (calls > before) [since, before] = [second, calls]
      await clock.advance(1_000)
    }
    return longest * 1_000
  }

  it('asks again within five minutes while there is a password', async () => {
    await source.token(OWN)
    expect(await longestPauseMs(7)).to.be.within(200_000, 301_000)
  })

  it('asks again within a quarter of a minute while there is none', async () => {
    expect(await longestPauseMs(0)).to.be.within(10_000, 16_000)
  })

  it('never gives a password that has ended', async () => {
    await source.token(OWN)
    failing = true
    await clock.advance(12 * HOUR - 59_000)
    await rejectsWithCode(source.token(OWN), 'ERR_RA_SERVICE_FAILED')
    expect(source.status(OWN).token).to.equal(undefined)
  })

  it('does not ask again for each of those who come while AWS is down', async () => {
    failing = true
    await rejectsWithCode(source.token(OWN), 'ERR_RA_SERVICE_FAILED')
    await rejectsWithCode(source.token(OWN), 'ERR_RA_SERVICE_FAILED')
    expect(calls).to.equal(1)
  })

  it('forgets a password that a registry refused, and not the next one', async () => {
    const first = await source.token(OWN)
    source.reject(OWN, first)
    const second = await source.token(OWN)
    expect(second).to.not.equal(first)
    source.reject(OWN, first)
    expect(await source.token(OWN)).to.equal(second)
  })
})
