import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { openTokenFile } from '../../../../sidecar/server/token-file.js'
import { silentLogger } from '../../../../src/log.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const FIRST = 'first-token-of-enough-length'
const SECOND = 'second-token-of-enough-length'

describe('openTokenFile', () => {
  const folder = temporaryFolder()
  let path: string
  let clock: ManualClock
  let ending: AbortController

  beforeEach(() => {
    path = join(folder.path, 'token')
    clock = new ManualClock()
    ending = new AbortController()
  })
  afterEach(() => ending.abort())

  const open = async () => openTokenFile(path, { clock, log: silentLogger, signal: ending.signal })

  /** Lets the poll come round; real file reads need a few turns of the event loop. */
  async function pass(ms: number, until: () => boolean): Promise<void> {
    await clock.advance(ms)
    for (let turn = 0; turn < 2000 && !until(); turn++)
      await new Promise((next) => setImmediate(next))
  }

  it('makes a file with 256 random bits, no line feed, readable by other users of the pod', async () => {
    const { tokens } = await open()
    const text = await readFile(path, 'utf8')
    expect(text).to.match(/^[\w-]{43}$/)
    expect(tokens()).to.deep.equal([text])
    expect((await stat(path)).mode & 0o777).to.equal(0o644)
    expect(await readdir(folder.path)).to.deep.equal(['token'])
  })

  it('uses the token that is there, with or without a line feed at its end', async () => {
    await writeFile(path, `${FIRST}\r\n`)
    expect((await open()).tokens()).to.deep.equal([FIRST])
  })

  it('gives two processes that start at once the same token', async () => {
    const [one, two] = await Promise.all([open(), open()])
    expect(one.tokens()).to.deep.equal(two.tokens())
  })

  it('takes a replaced token within seconds and keeps the one before it for an hour', async () => {
    await writeFile(path, FIRST)
    const { tokens } = await open()
    await writeFile(path, SECOND)
    await pass(10_000, () => tokens()[0] === SECOND)
    expect(tokens()).to.deep.equal([SECOND, FIRST])
    await clock.advance(60 * 60_000)
    expect(tokens()).to.deep.equal([SECOND])
  })

  it('keeps the token held while the file is unusable', async () => {
    await writeFile(path, FIRST)
    const { tokens } = await open()
    await writeFile(path, '')
    await pass(30_000, () => false)
    expect(tokens()).to.deep.equal([FIRST])
  })

  for (const { name, content } of [
    { name: 'empty', content: '' },
    { name: 'short', content: 'short' },
    { name: 'of two lines', content: `${FIRST}\n${SECOND}` },
    { name: 'with a space', content: `${FIRST} x` },
    { name: 'huge', content: 'x'.repeat(2000) },
  ]) {
    it(`refuses a file that is ${name}, without repeating it`, async () => {
      await writeFile(path, content)
      const error = await rejectsWithCode(open(), 'ERR_RA_TOKEN_FILE_INVALID')
      expect(error.message).to.not.contain(FIRST)
    })
  }

  it('refuses a folder, and a folder that is not there', async () => {
    await mkdir(path)
    await rejectsWithCode(open(), 'ERR_RA_TOKEN_FILE_INVALID')
    path = join(folder.path, 'absent', 'token')
    await rejectsWithCode(open(), 'ERR_RA_TOKEN_FILE_INVALID')
  })
})
