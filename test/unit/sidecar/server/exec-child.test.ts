import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Child, relaySignals, startChild } from '../../../../sidecar/server/exec-child.js'
import { recordedIo } from '../../../support/io.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const env = { PATH: process.env['PATH'] }

describe('startChild', () => {
  for (const { what, script, status } of [
    { what: 'its status', script: 'exit 7', status: 7 },
    { what: 'success', script: 'exit 0', status: 0 },
    { what: '128 and the number of the signal that ended it', script: 'kill -9 $$', status: 137 },
  ]) {
    it(`passes on ${what}`, async () => {
      expect(await startChild('sh', ['-c', script], env).ended).to.deep.equal({ status })
    })
  }

  for (const { command, status } of [
    { command: '/nonexistent/program', status: 127 },
    { command: '/', status: 126 },
  ]) {
    it(`answers ${status} for ${command}, as shells do`, async () => {
      const ending = await startChild(command, [], env).ended
      expect(ending.status).to.equal(status)
      expect(ending.failure).to.be.a('string')
    })
  }

  describe('with a folder in PATH that may not be looked into', () => {
    const folder = temporaryFolder()
    /** A folder with a file that cannot be run. */
    const named = (name: string, mode: number): string => {
      const at = join(folder.path, name)
      mkdirSync(at)
      writeFileSync(join(at, 'there'), '', { mode: 0o644 })
      chmodSync(at, mode)
      return at
    }

    it('tells a command that is nowhere from one that cannot be run', async function () {
      // Root may look into every folder.
      if (process.getuid?.() === 0) this.skip()
      const PATH = `${named('closed', 0)}:${named('open', 0o755)}`
      const [nowhere, there] = ['nowhere', 'there'].map((name) => startChild(name, [], { PATH }))
      try {
        expect(await nowhere?.ended).to.include({ status: 127 })
        expect(await there?.ended).to.include({ status: 126 })
      } finally {
        // Or it could not be removed.
        chmodSync(join(folder.path, 'closed'), 0o700)
      }
    })

    it('finds a file that cannot be run', async () => {
      const PATH = `/nonexistent:${named('open', 0o755)}`
      expect(await startChild('there', [], { PATH }).ended).to.include({ status: 126 })
      expect(await startChild('nowhere', [], { PATH }).ended).to.include({ status: 127 })
    })
  })

  it('passes signals on', async () => {
    const child = startChild('sleep', ['60'], env)
    child.send('SIGTERM')
    expect((await child.ended).status).to.equal(143)
  })
})

describe('relaySignals', () => {
  const recorded = (): { child: Child; sent: string[] } => {
    const sent: string[] = []
    return {
      sent,
      child: { ended: Promise.resolve({ status: 0 }), send: (name) => sent.push(name) },
    }
  }

  it('ends the wait for a session before there is a command', () => {
    const io = recordedIo()
    const relay = relaySignals(io.onSignal, false)
    expect(relay.status()).to.equal(undefined)
    io.raise('SIGTERM')
    io.raise('SIGINT')
    expect(relay.signal.aborted).to.equal(true)
    expect(relay.status()).to.equal(143)
  })

  it('sends every signal to the command', () => {
    const io = recordedIo()
    const { child, sent } = recorded()
    const relay = relaySignals(io.onSignal, false)
    relay.to(child)
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) {
      expect(io.raise(name)).to.equal(true)
    }
    expect(sent).to.deep.equal(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'])
    expect(relay.signal.aborted).to.equal(false)
  })

  it('leaves out what the terminal sends to the command itself', () => {
    const io = recordedIo()
    const { child, sent } = recorded()
    relaySignals(io.onSignal, true).to(child)
    for (const name of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const) io.raise(name)
    expect(sent).to.deep.equal(['SIGTERM', 'SIGHUP'])
  })

  it('gives the signals back', () => {
    const io = recordedIo()
    relaySignals(io.onSignal, false).release()
    expect(io.raise('SIGTERM')).to.equal(false)
  })
})
