import { setMaxListeners } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { type HeldLock, type LockOutcome, takeLock } from '../../../src/cache/session-lock.js'
import type { Clock } from '../../../src/clock.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { systemClock } from '../../../src/system-clock.js'
import { endPrograms, start } from '../../support/program.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const NAME = '0123456789abcdef.lock'

/** Listens where the lock is, and says so. */
const HOLDER = `require('node:net').createServer().listen(process.argv[1], () => console.error('holds'))`

describe('the lock of a session', () => {
  const folder = temporaryFolder()
  const held: HeldLock[] = []
  const giveUp = new AbortController()
  // More wait in one process here than ever will.
  setMaxListeners(0, giveUp.signal)
  let server: Server | undefined
  const path = (): string => join(folder.path, NAME)

  const take = async (patienceMs = 60_000, clock: Clock = systemClock): Promise<LockOutcome> =>
    takeLock({ path: path(), clock, patienceMs, signal: giveUp.signal })

  async function mustTake(): Promise<HeldLock> {
    const outcome = await take()
    if (!('held' in outcome)) throw new Error(`not taken: ${JSON.stringify(outcome)}`)
    held.push(outcome.held)
    return outcome.held
  }

  afterEach(async () => {
    for (const lock of held.splice(0)) lock.release()
    server?.close()
    server = undefined
    await endPrograms()
  })

  it('is had by one, and by the next when it was given back', async () => {
    const first = await mustTake()
    expect(await take(0)).to.have.property('alone')
    first.release()
    await mustTake()
  })

  it('leaves nothing behind', async () => {
    const lock = await mustTake()
    expect(readdirSync(folder.path)).to.deep.equal([NAME])
    lock.release()
    expect(readdirSync(folder.path)).to.deep.equal([])
  })

  it('is had by one of many that ask at the same time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 30 }, async () => take(0)))
    const locks = outcomes.flatMap((outcome) => ('held' in outcome ? [outcome.held] : []))
    expect(locks).to.have.length(1)
    held.push(...locks)
  })

  it('wakes everybody who waits', async () => {
    const lock = await mustTake()
    const waiting = Promise.all(Array.from({ length: 10 }, async () => take()))
    // Those that have not come so far get the lock, one after the other.
    await take(0)
    lock.release()
    const outcomes = await Promise.race([waiting, waiting])
    for (const outcome of outcomes) if ('held' in outcome) outcome.held.release()
  })

  it('tells those who wait what the service has refused', async () => {
    const lock = await mustTake()
    const waiting = take()
    await take(0)
    const hint = 'add the role'
    lock.release(new RolesAnywhereError('ERR_RA_SESSION_DENIED', 'no such role', { hint }))
    const outcome = await waiting
    expect(outcome).to.have.property('refused')
    const { refused } = outcome as { refused: RolesAnywhereError }
    expect(refused).to.include({ code: 'ERR_RA_SESSION_DENIED', message: 'no such role', hint })
  })

  it('does not pass on what may be wrong with its holder alone', async () => {
    for (const failure of [new RolesAnywhereError('ERR_RA_PROXY_FAILED', 'p'), new Error('bug')]) {
      const lock = await mustTake()
      const waiting = take()
      await take(0)
      lock.release(failure)
      expect(await waiting).to.deep.equal({ alone: 'the holder has failed' })
    }
  })

  it('is taken over at once from a process that was killed', async () => {
    const holder = start(['-e', HOLDER, path()])
    await holder.logged(/holds/)
    expect(await take(0)).to.have.property('alone')
    const waiting = take()
    await holder.stop('SIGKILL')
    expect(statSync(path()).isSocket()).to.equal(true)
    const outcome = await waiting
    if ('held' in outcome) held.push(outcome.held)
    else expect(outcome).to.deep.equal({ ended: true })
    for (const lock of held.splice(0)) lock.release()
    await mustTake()
    expect(readdirSync(folder.path)).to.deep.equal([NAME])
  })

  it('is taken over by one of many', async () => {
    const holder = start(['-e', HOLDER, path()])
    await holder.logged(/holds/)
    await holder.stop('SIGKILL')
    const outcomes = await Promise.all(Array.from({ length: 30 }, async () => take(0)))
    const locks = outcomes.flatMap((outcome) => ('held' in outcome ? [outcome.held] : []))
    expect(locks).to.have.length(1)
    held.push(...locks)
  })

  it('is not waited for when its holder says nothing, as one that was stopped', async () => {
    server = createServer(() => {})
    await new Promise<void>((resolve) => server?.listen(path(), resolve))
    expect(await take(20)).to.deep.equal({ alone: 'the holder of the lock is silent' })
  })

  it('is waited for as long as its holder says that it is at work', async () => {
    // A clock on which each of the holder's pauses is over at once, and time hardly moves.
    const quick: Clock = { ...systemClock, sleep: async () => systemClock.sleep(1) }
    const first = await take(60_000, quick)
    if (!('held' in first)) throw new Error('not taken')
    const waiting = take(400)
    await systemClock.sleep(0)
    for (let turn = 0; turn < 3; turn++) await take(0)
    first.held.release()
    expect(await waiting).to.satisfy((found: LockOutcome) => 'ended' in found || 'held' in found)
    if ('held' in (await waiting)) ((await waiting) as { held: HeldLock }).held.release()
  })

  it('does not believe a holder that never ends its word', async () => {
    server = createServer((socket) => socket.on('error', () => {}).write('x'.repeat(40_000)))
    await new Promise<void>((resolve) => server?.listen(path(), resolve))
    expect(await take()).to.deep.equal({ alone: 'the holder has failed' })
  })

  it('is not waited for any longer when the caller gives up', async () => {
    await mustTake()
    const own = new AbortController()
    const request = { path: path(), clock: systemClock, patienceMs: 60_000, signal: own.signal }
    const waiting = takeLock(request)
    own.abort()
    expect(await waiting).to.deep.equal({ ended: true })
  })

  it('works in a folder with a long path', async function () {
    if (process.platform !== 'linux') this.skip()
    const long = join(folder.path, 'a'.repeat(100), 'b'.repeat(100))
    mkdirSync(long, { recursive: true })
    const request = {
      path: join(long, NAME),
      clock: systemClock,
      patienceMs: 0,
      signal: giveUp.signal,
    }
    const first = await takeLock(request)
    expect(await takeLock(request)).to.deep.equal({ alone: 'somebody else has the lock' })
    if ('held' in first) first.held.release()
    const second = await takeLock(request)
    expect(second).to.have.property('held')
    if ('held' in second) second.held.release()
    expect(readdirSync(long)).to.deep.equal([])
  })

  it('is no obstacle where there can be none', async () => {
    const nowhere = { path: '/nonexistent/x.lock', patienceMs: 0, signal: giveUp.signal }
    expect(await takeLock({ ...nowhere, clock: systemClock })).to.have.property('alone')
    writeFileSync(path(), 'a file')
    await mustTake()
  })
})
