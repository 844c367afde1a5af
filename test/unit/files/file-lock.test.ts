import { spawnSync } from 'node:child_process'
import { readdir, readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Clock } from '../../../src/clock.js'
import { withFileLock } from '../../../src/files/file-lock.js'
import { newLockHolder } from '../../../src/files/lock-holder.js'
import { systemClock } from '../../../src/system-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

/** A clock on which waiting takes no time. */
function hastyClock(): Clock {
  let ms = 0
  return {
    now: () => new Date(ms),
    monotonicMs: () => ms,
    sleep: async (by) => {
      ms += by
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** A process that has ended, and the line that it would have left behind. */
function endedHolder(): string {
  const { pid } = spawnSync(process.execPath, ['--version'])
  return newLockHolder().replace(/ \d+ \S+ /, ` ${pid} 1 `)
}

describe('withFileLock', () => {
  const folder = temporaryFolder()
  const lock = (): string => join(folder.path, '.lock')
  const deps = { clock: systemClock }

  it('gives back what the work gives back, and leaves nothing behind', async () => {
    expect(await withFileLock(lock(), deps, async () => readlink(lock()))).to.match(/^\S+ \d+ /)
    const failing = withFileLock(lock(), deps, async () => Promise.reject(new Error('work')))
    expect(await failing.catch((error: Error) => error.message)).to.equal('work')
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  it('lets one at a time work', async () => {
    const path = join(folder.path, 'count')
    await writeFile(path, '0')
    const increment = async (): Promise<void> =>
      withFileLock(lock(), deps, async () =>
        writeFile(path, String(Number(await readFile(path, 'utf8')) + 1)),
      )
    await Promise.all(Array.from({ length: 20 }, increment))
    expect(await readFile(path, 'utf8')).to.equal('20')
  })

  it('takes over what a process that has ended left behind', async () => {
    await symlink(endedHolder(), lock())
    await symlink(endedHolder(), `${lock()}.break`)
    expect(await withFileLock(lock(), deps, async () => Promise.resolve(1))).to.equal(1)
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  it('takes it over once, however many wait', async () => {
    await symlink(endedHolder(), lock())
    let working = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working)
      for (let turn = 0; turn < 20; turn++) await readdir(folder.path)
      working--
    }
    // They look again at once, and so get in each other's way.
    const waiter = async (): Promise<void> => withFileLock(lock(), { clock: hastyClock() }, work)
    await Promise.all(Array.from({ length: 20 }, waiter))
    expect(most).to.equal(1)
  })

  it('is not misled by a number that another process has by now', async function () {
    if (process.platform !== 'linux') this.skip()
    await symlink(newLockHolder().replace(/ (\d+) \S+ /, ' $1 1 '), lock())
    expect(await withFileLock(lock(), deps, async () => Promise.resolve(1))).to.equal(1)
  })

  for (const { what, leave } of [
    {
      what: 'another machine',
      leave: async (path: string) => symlink('elsewhere/x/y 1 2 ab', path),
    },
    { what: 'nobody knows whom', leave: async (path: string) => writeFile(path, '') },
  ]) {
    it(`waits ten seconds for a lock of ${what}`, async () => {
      await leave(lock())
      const clock = hastyClock()
      await withFileLock(lock(), { clock }, async () => Promise.resolve())
      expect(clock.monotonicMs()).to.be.within(10_000, 10_100)
      expect(await readdir(folder.path)).to.deep.equal([])
    })
  }

  it('leaves the lock of a process at work alone, and gives up after half a minute', async () => {
    const other = newLockHolder()
    await symlink(other, lock())
    const clock = hastyClock()
    await rejectsWithCode(
      withFileLock(lock(), { clock }, async () => {}),
      'ERR_RA_FILE_LOCKED',
    )
    expect(clock.monotonicMs()).to.be.within(30_000, 30_100)
    expect(await readlink(lock())).to.equal(other)
  })

  it('stops waiting when it is asked to', async () => {
    await symlink(newLockHolder(), lock())
    const signal = AbortSignal.abort(new Error('asked to end'))
    const waiting = withFileLock(lock(), { ...deps, signal }, async () => {})
    expect(await waiting.catch((error: Error) => error.message)).to.equal('asked to end')
  })

  it('tells the work when the lock is lost, and leaves the lock of the next one', async () => {
    await withFileLock(lock(), deps, async ({ isHeld }) => {
      expect(await isHeld()).to.equal(true)
      await unlink(lock())
      await symlink('the next one', lock())
      expect(await isHeld()).to.equal(false)
    })
    expect(await readlink(lock())).to.equal('the next one')
  })

  it('says when there can be no lock', async () => {
    const nowhere = withFileLock('/nonexistent/.lock', deps, async () => {})
    await rejectsWithCode(nowhere, 'ERR_RA_FILE_UNWRITABLE')
  })
})
