import { spawnSync } from 'node:child_process'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { withLock } from '../../../src/pki/lock.js'
import { systemClock } from '../../../src/system-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

describe('withLock', () => {
  const folder = temporaryFolder()
  const path = (): string => join(folder.path, '.lock')

  /** Never waits, and finds that its patience is at an end at the second look. */
  const impatient = () => {
    let ms = 0
    return { ...systemClock, monotonicMs: () => ms, sleep: async () => void (ms = 60_000) }
  }
  const run = async (): Promise<string> =>
    withLock(folder.path, impatient(), async () => readFile(path(), 'utf8'))

  /** The id of a process that has ended. */
  const goneProcess = (): number => spawnSync(process.execPath, ['--version']).pid

  it('names its process in the lock, and leaves nothing behind', async () => {
    expect(await run()).to.equal(`${process.pid} ${hostname()}\n`)
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  it('lets one run in at a time', async () => {
    let inside = 0
    const runs = [1, 2, 3].map(async () =>
      withLock(folder.path, systemClock, async () => {
        inside += 1
        expect(inside).to.equal(1)
        await new Promise(setImmediate)
        inside -= 1
      }),
    )
    await Promise.all(runs)
  })

  it('takes over the lock of a process that is gone', async () => {
    await writeFile(path(), `${goneProcess()} ${hostname()}\n`)
    expect(await run()).to.equal(`${process.pid} ${hostname()}\n`)
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  for (const { whose, content } of [
    { whose: 'of a machine that cannot be asked', content: '1 elsewhere.example\n' },
    { whose: 'that says nothing', content: '' },
  ]) {
    it(`takes over a lock ${whose} only when it is old`, async () => {
      await writeFile(path(), content)
      const { hint } = await rejectsWithCode(run(), 'ERR_RA_PKI_INVALID')
      expect(hint).to.contain('remove that file')
      await utimes(path(), 0, 0)
      await run()
    })
  }

  it('waits for a process that runs, however old its lock is', async () => {
    await writeFile(path(), `${process.pid} ${hostname()}\n`)
    await utimes(path(), 0, 0)
    await rejectsWithCode(run(), 'ERR_RA_PKI_INVALID')
    expect(await readFile(path(), 'utf8')).to.contain(String(process.pid))
  })
})
