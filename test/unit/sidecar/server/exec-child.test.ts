import { expect } from 'chai'
import { type Child, relaySignals, startChild } from '../../../../sidecar/server/exec-child.js'
import { recordedIo } from '../../../support/io.js'

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
