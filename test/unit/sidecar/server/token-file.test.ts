import { execFileSync } from 'node:child_process'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { openTokenFile, type TokenFileDeps } from '../../../../sidecar/server/token-file.js'
import { parseFileMode } from '../../../../src/config/file-mode.js'
import type { Logger } from '../../../../src/log.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { rejectsWithCode, throwsWithCode } from '../../../support/rejects.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const FIRST = 'first-token-of-enough-length'
const SECOND = 'second-token-of-enough-length'

describe('openTokenFile', () => {
  const folder = temporaryFolder()
  let path: string
  let clock: ManualClock
  let ending: AbortController
  let warnings: string[]

  beforeEach(() => {
    path = join(folder.path, 'token')
    clock = new ManualClock()
    ending = new AbortController()
    warnings = []
  })
  afterEach(() => ending.abort())

  const note = (message: string): void => void warnings.push(message)
  const log: Logger = { error: note, warn: note, info: () => {}, debug: () => {} }
  const open = async (more: Partial<TokenFileDeps> = {}) =>
    openTokenFile(path, { clock, log, signal: ending.signal, ...more })

  /** Lets seconds go by until something holds; time stands still while the file is read. */
  async function pass(until: () => boolean, seconds = 60): Promise<void> {
    for (let step = 0; step < seconds * 10 && !until(); step++) {
      await clock.advance(100)
      while (clock.sleeping === 0) await new Promise((next) => setImmediate(next))
    }
  }

  it('makes a file with 256 random bits, no line feed, readable by other users of the pod', async () => {
    const { tokens } = await open()
    const text = await readFile(path, 'utf8')
    expect(text).to.match(/^[\w-]{43}$/)
    expect(tokens()).to.deep.equal([text])
    expect((await stat(path)).mode & 0o777).to.equal(0o644)
    expect(await readdir(folder.path)).to.deep.equal(['token'])
  })

  for (const text of ['0600', '640', '0644']) {
    it(`makes a file of mode ${text} when asked to`, async () => {
      await open({ mode: parseFileMode(text, 'mode') })
      expect((await stat(path)).mode & 0o777).to.equal(Number.parseInt(text, 8))
    })
  }

  for (const text of ['', '0666', '0o600', 'rw', '00644', '-600']) {
    it(`refuses the mode "${text}"`, () => {
      throwsWithCode(() => parseFileMode(text, 'mode'), 'ERR_RA_FLAG_INVALID')
    })
  }

  it('leaves the mode of a file that is there as it is', async () => {
    await writeFile(path, FIRST, { mode: 0o600 })
    await open({ mode: 0o644 })
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
  })

  it('has the same token after a restart', async () => {
    const before = (await open()).tokens()
    expect((await open()).tokens()).to.deep.equal(before)
  })

  it('uses the token that is there, with or without a line feed at its end', async () => {
    await writeFile(path, `${FIRST}\r\n`)
    expect((await open()).tokens()).to.deep.equal([FIRST])
  })

  it('gives two processes that start at once the same token', async () => {
    const [one, two] = await Promise.all([open(), open()])
    expect(one.tokens()).to.deep.equal(two.tokens())
  })

  for (const { name, replace } of [
    { name: 'written in place', replace: async () => writeFile(path, SECOND) },
    {
      name: 'replaced by rename',
      replace: async () => {
        await writeFile(`${path}.new`, `${SECOND}\n`)
        await rename(`${path}.new`, path)
      },
    },
    {
      name: 'deleted and made again',
      replace: async () => {
        await unlink(path)
        await pass(() => warnings.length > 0)
        expect(warnings).to.have.length(1)
        await writeFile(path, SECOND)
      },
    },
    {
      name: 'unreadable for a moment',
      replace: async () => {
        await unlink(path)
        await mkdir(path)
        await pass(() => warnings.length > 0)
        expect(warnings).to.have.length(1)
        await rm(path, { recursive: true })
        await writeFile(path, SECOND)
      },
    },
  ]) {
    it(`takes a token that was ${name} and keeps the one before it for an hour`, async () => {
      await writeFile(path, FIRST)
      const { tokens } = await open()
      await replace()
      expect(tokens()).to.deep.equal([FIRST])
      await pass(() => tokens()[0] === SECOND, 3)
      expect(tokens()).to.deep.equal([SECOND, FIRST])
      expect(tokens(), 'the same array').to.equal(tokens())
      await clock.advance(58 * 60_000)
      expect(tokens()).to.deep.equal([SECOND, FIRST])
      await clock.advance(2 * 60_000)
      expect(tokens()).to.deep.equal([SECOND])
    })
  }

  it('follows the link that Kubernetes swaps when it updates a volume', async () => {
    for (const [generation, token] of [
      ['..1', FIRST],
      ['..2', SECOND],
    ] as const) {
      await mkdir(join(folder.path, generation))
      await writeFile(join(folder.path, generation, 'token'), token)
    }
    await symlink('..1', join(folder.path, '..data'))
    await symlink(join('..data', 'token'), path)
    const { tokens } = await open()
    expect(tokens()).to.deep.equal([FIRST])
    await symlink('..2', join(folder.path, '..data_tmp'))
    await rename(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
    await pass(() => tokens()[0] === SECOND, 3)
    expect(tokens()).to.deep.equal([SECOND, FIRST])
    expect(warnings).to.deep.equal([])
  })

  it('does not take half a token from someone who writes it in place', async () => {
    await writeFile(path, FIRST)
    let reads = 0
    const { tokens } = await open({
      clock: {
        now: () => clock.now(),
        monotonicMs: () => clock.monotonicMs(),
        sleep: async (ms, options) => {
          // The short wait between two looks: the writer goes on.
          if (ms < 1000 && reads++ === 0) await writeFile(path, SECOND)
          await clock.sleep(ms, options)
        },
      },
    })
    await writeFile(path, SECOND.slice(0, 20))
    await pass(() => tokens()[0] !== FIRST, 5)
    expect(tokens()).to.deep.equal([SECOND, FIRST])
  })

  it('keeps the token held while the file is unusable, and says so once', async () => {
    await writeFile(path, FIRST)
    const { tokens } = await open()
    await writeFile(path, '')
    await pass(() => false, 20)
    expect(tokens()).to.deep.equal([FIRST])
    expect(warnings).to.have.length(1)
  })

  it('does not wait for the writer of a pipe', async () => {
    execFileSync('mkfifo', [path])
    await rejectsWithCode(open(), 'ERR_RA_TOKEN_FILE_INVALID')
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
