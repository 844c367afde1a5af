import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Io } from '../../../src/cli/command.js'
import { emulatorCommand } from '../../../src/cli/emulator.js'
import { parseArguments } from '../../../src/cli/parse-arguments.js'
import { sessionRequest } from '../../support/emulator-client.js'
import { stateFor } from '../../support/emulator-fixture.js'
import { type TestIdentity, createLeaf, createRoot } from '../../support/emulator-pki.js'
import { ManualClock } from '../../support/manual-clock.js'
import { sendRaw } from '../../support/raw-http.js'
import { rejectsWithCode } from '../../support/rejects.js'

describe('the command emulator', () => {
  let root: TestIdentity
  let folder: string
  let state: string

  before(async () => {
    root = await createRoot()
    folder = mkdtempSync(join(tmpdir(), 'emulator-command-'))
    state = join(folder, 'state.json')
    writeFileSync(state, JSON.stringify(stateFor(root)))
  })

  after(() => rmSync(folder, { recursive: true }))

  /** Runs until `ready` has seen the text on standard error, then asks it to end. */
  const run = async (
    args: readonly string[],
    ready: () => Promise<void> = async () => {},
  ): Promise<{ status: number | undefined; stdout: string; stderr: string }> => {
    const ending = new AbortController()
    const io: Io & { text: { stdout: string; stderr: string } } = {
      text: { stdout: '', stderr: '' },
      env: {},
      clock: new ManualClock(),
      signal: ending.signal,
      onSignal: () => () => {},
      stderrIsTerminal: false,
      stdout: (text) => (io.text.stdout += text),
      stderr: (text) => {
        io.text.stderr += text
        if (text.startsWith('emulator listening')) {
          ready()
            .finally(() => ending.abort())
            .catch(() => {})
        }
      },
    }
    const flags = [...emulatorCommand.flags]
    const invocation = parseArguments(emulatorCommand, flags, args)
    const status = await emulatorCommand.run(invocation, io)
    return { status, ...io.text }
  }

  it('says where it listens, writes the port file whole, and ends when asked to', async () => {
    const portFile = join(folder, 'port')
    const args = ['--state', state, '--listen', '127.0.0.1:0', '--port-file', portFile]
    let status = 0
    const leaf = await createLeaf(root)
    const result = await run([...args, '--at', '2026-06-01T12:00:00Z'], async () => {
      const port = Number(readFileSync(portFile, 'utf8'))
      status = (await sendRaw(port, sessionRequest(leaf))).status
    })
    expect(status).to.equal(201)
    expect(result.status).to.equal(0)
    expect(result.stdout).to.equal('')
    const port = readFileSync(portFile, 'utf8').trim()
    expect(result.stderr).to.include(`emulator listening on http://127.0.0.1:${port}\n`)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
  })

  for (const { args, code } of [
    { args: [], code: 'ERR_RA_SETTING_MISSING' },
    { args: ['--listen', '9443'], code: 'ERR_RA_FLAG_INVALID' },
    { args: ['--listen', '127.0.0.1:99999'], code: 'ERR_RA_FLAG_INVALID' },
    { args: ['--listen', '[1.2.3.4]:1'], code: 'ERR_RA_FLAG_INVALID' },
    { args: ['--at', 'yesterday'], code: 'ERR_RA_FLAG_INVALID' },
    { args: ['--tls-certificate', 'x.pem'], code: 'ERR_RA_FLAG_CONFLICT' },
    {
      args: ['--tls-certificate', '/absent', '--tls-private-key', '/absent'],
      code: 'ERR_RA_FILE_UNREADABLE',
    },
    {
      args: ['--tls-certificate', '/dev/zero', '--tls-private-key', '/dev/zero'],
      code: 'ERR_RA_FILE_UNREADABLE',
    },
  ] as const) {
    it(`fails with ${code} for ${args.join(' ') || 'no flag'}`, async () => {
      const failing = run(args.length === 0 ? [] : ['--state', state, ...args])
      expect((await rejectsWithCode(failing, code)).hint).to.be.a('string')
    })
  }

  it('serves HTTPS only with files that fit together', async () => {
    const [certificate, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')]
    const leaf = await createLeaf(root)
    const other = await createLeaf(root)
    writeFileSync(certificate, leaf.pem)
    writeFileSync(key, other.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const args = ['--state', state, '--listen', '127.0.0.1:0']
    const tls = ['--tls-certificate', certificate, '--tls-private-key', key]
    // The command loads the emulator late, and the test runner gives it an error class of its own.
    const error = await run([...args, ...tls]).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'ERR_RA_CERTIFICATE_INVALID')
    writeFileSync(key, leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect((await run([...args, ...tls])).stderr).to.include('listening on https://127.0.0.1:')
  })
})
