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
import { untilAborted } from '../../../../sidecar/until-aborted.js'
import { openTokenFile, type TokenFileDeps } from '../../../../sidecar/server/token-file.js'
import { parseFileMode } from '../../../../src/config/file-mode.js'
import type { Logger } from '../../../../src/log.js'
import { ManualClock, settle } from '../../../support/manual-clock.js'
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

  describe('asked to look', () => {
    /**
     * Polls never come: only what is asked for happens. Who waits for a look has all the time in the
     * world, since files are read in real time.
     */
    const unpolled = (own = (ms: number) => clock.sleep(ms)): TokenFileDeps['clock'] => ({
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: async (ms, { signal } = {}) => {
        if (signal !== ending.signal) return untilAborted(signal!)
        await (ms === 1000 ? clock.sleep(1e9, { signal }) : own(ms))
      },
    })
    const replace = async (token: string): Promise<void> => {
      await writeFile(`${path}.new`, token)
      await rename(`${path}.new`, path)
    }
    /** Asks, and lets time go by until the answer is there. */
    async function looked(look: () => Promise<void>): Promise<void> {
      let done = false
      void look().then(() => (done = true))
      while (!done) {
        if (clock.sleeping > 1) await clock.advance(100)
        else await settle()
      }
    }

    it('takes a token that was replaced a moment ago, without the next poll', async () => {
      await writeFile(path, FIRST)
      const { tokens, look } = await open({ clock: unpolled() })
      await replace(SECOND)
      await looked(look)
      expect(tokens()).to.deep.equal([SECOND, FIRST])
      await replace(`${SECOND}-2`)
      await looked(look)
      expect(tokens()).to.deep.equal([`${SECOND}-2`, FIRST, SECOND])
    })

    for (const { name, spoil } of [
      { name: 'empty, as from a writer that truncates it', spoil: async () => writeFile(path, '') },
      { name: 'half', spoil: async () => writeFile(path, SECOND.slice(0, 10)) },
      { name: 'gone', spoil: async () => unlink(path) },
      {
        name: 'not readable',
        spoil: async () => {
          await unlink(path)
          await mkdir(path)
        },
      },
    ]) {
      it(`keeps the token held while the file is ${name}, and says so once`, async () => {
        await writeFile(path, FIRST)
        const { tokens, look } = await open({ clock: unpolled() })
        await spoil()
        for (let times = 0; times < 3; times++) await looked(look)
        expect(tokens()).to.deep.equal([FIRST])
        expect(warnings).to.deep.equal(['token file unusable, keeping the token held'])
        await rm(path, { recursive: true, force: true })
        await writeFile(path, SECOND)
        await looked(look)
        expect(tokens()).to.deep.equal([SECOND, FIRST])
      })
    }

    it('waits for a writer who is still at it', async () => {
      await writeFile(path, FIRST)
      let waits = 0
      const { tokens, look } = await open({
        // Between two looks the writer goes on, four times.
        clock: unpolled(async (ms) => {
          if (waits++ < 4) await writeFile(path, SECOND.slice(0, 20 + waits))
          if (waits === 4) await writeFile(path, SECOND)
          await clock.sleep(ms)
        }),
      })
      await writeFile(path, SECOND.slice(0, 20))
      await looked(look)
      expect(tokens()).to.deep.equal([SECOND, FIRST])
    })

    it('waits two seconds at the most, for a file system may hang', async () => {
      await writeFile(path, FIRST)
      const { tokens, look } = await open({
        clock: {
          now: () => clock.now(),
          monotonicMs: () => clock.monotonicMs(),
          // What a look waits for by itself never comes.
          sleep: async (ms, options) =>
            options?.signal === ending.signal
              ? untilAborted(ending.signal)
              : clock.sleep(ms, options),
        },
      })
      await replace(SECOND)
      for (const what of ['a look that hangs', 'the look behind it']) {
        let done = false
        void look().then(() => (done = true))
        await clock.advance(1_900)
        expect(done, what).to.equal(false)
        await clock.advance(100)
        expect(done, what).to.equal(true)
      }
      expect(tokens()).to.deep.equal([FIRST])
    })
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
