import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, PROGRAM, type Running, startCommand } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const TERMINAL = fileURLToPath(new URL('../support/pseudo-terminal.py', import.meta.url))
const CTRL_C = '\x03'
const CTRL_BACKSLASH = '\x1c'

/** A command that counts signals, and tells what it counted once its credentials have come. */
const COUNTING = `
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = process.env
  const headers = { authorization: require('fs').readFileSync(file, 'utf8') }
  let count = 0
  for (const name of ['SIGINT', 'SIGQUIT']) process.on(name, async () => {
    count++
    // An answer of the server shows that it has done with the signal, too.
    for (let times = 0; times < 3; times++) await (await fetch(uri, { headers })).text()
    console.log(name + ' ' + count)
    process.exit(0)
  })
  setInterval(() => {}, 1000)
  console.log('up')`

/** A command that tells about its terminal, and again when its size changes. */
const TELLING = `
  const { stdin, stdout, stderr } = process
  const tell = () => console.log('tty', [stdin, stdout, stderr].map(({ isTTY }) => isTTY === true).join(), 'size', stdout.getWindowSize().join())
  stdout.on('resize', tell)
  stdin.on('data', (text) => { console.log('read', String(text).trim()); process.exit(7) })
  tell()`

describe('rolesanywhere exec on a terminal', function () {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async function () {
    if (spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status !== 0) {
      console.warn('    skipped: python3 (3.9 or later), which opens pseudo terminals, is not here')
      this.skip()
    }
    aws = await startAws()
  })
  after(async () => aws?.close())
  afterEach(endPrograms)
  const left = async (): Promise<string[]> => readdir(folder.path)

  /** Starts a script through `exec` on a terminal; what the terminal shows is its `shown`. */
  function onTerminal(source: string): Running & { shown(pattern: RegExp): Promise<string> } {
    const command = [process.execPath, '-e', source]
    const args = [PROGRAM, 'exec', ...IDENTITY_FLAGS, ...targetFlags(aws.url), '--', ...command]
    const running = startCommand(
      'python3',
      [TERMINAL, process.execPath, ...args],
      { TMPDIR: folder.path, TERM: 'xterm' },
      { stdio: ['pipe', 'pipe', 'pipe'] },
    )
    let text = ''
    running.process.stdout?.on('data', (chunk: string) => (text += chunk))
    const shown = async (pattern: RegExp): Promise<string> =>
      eventually(() => pattern.exec(text)?.[0])
    return { ...running, shown }
  }
  const type = ({ process: child }: Running, text: string): void => void child.stdin?.write(text)

  it('gives the command the terminal: its size and its changes, and what is typed', async () => {
    const running = onTerminal(TELLING)
    await running.shown(/tty true,true,true size 101,33/)
    running.process.kill('SIGUSR1')
    await running.shown(/tty true,true,true size 132,50/)
    type(running, 'hello\n')
    await running.shown(/read hello/)
    expect((await running.finished()).status).to.equal(7)
    expect(await left()).to.deep.equal([])
  })

  for (const [key, typed, name] of [
    ['Ctrl-C', CTRL_C, 'SIGINT'],
    ['Ctrl-\\', CTRL_BACKSLASH, 'SIGQUIT'],
  ] as const) {
    it(`lets the command have ${key} once, and waits for what it makes of it`, async () => {
      const running = onTerminal(COUNTING)
      await running.shown(/up/)
      type(running, typed)
      const { status, stdout } = await running.finished()
      expect(stdout).to.contain(`${name} 1`)
      expect(status).to.equal(0)
      expect(await left()).to.deep.equal([])
    })
  }

  it('ends as the command does that leaves Ctrl-C to the system', async () => {
    const running = onTerminal(`console.log('up'); setInterval(() => {}, 1000)`)
    await running.shown(/up/)
    type(running, CTRL_C)
    expect((await running.finished()).status).to.equal(130)
    expect(await left()).to.deep.equal([])
  })

  it('leaves neither the command nor a file when the terminal goes away', async () => {
    const running = onTerminal(`console.log('pid ' + process.pid); setInterval(() => {}, 1000)`)
    const [, pid] = /pid (\d+)/.exec(await running.shown(/pid \d+\r?\n/)) ?? []
    running.process.kill('SIGKILL')
    await running.finished()
    await eventually(() => (isAlive(Number(pid)) ? undefined : true))
    await eventually(async () => ((await left()).length === 0 ? true : undefined))
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
