import { expect } from 'chai'
import {
  loadWorkloads,
  readServeOptions,
  SERVE_FLAGS,
  type ServeOptions,
} from '../../../../sidecar/server/serve-options.js'
import { parseArguments } from '../../../../src/cli/parse-arguments.js'
import { ARNS, IDENTITY_FLAGS, targetFlags } from '../../../support/aws.js'
import { rejectsWithCode } from '../../../support/rejects.js'

const env = { HOME: '/nonexistent' }
const flagsOf = (args: readonly string[]) =>
  parseArguments({ usage: 'serve' }, SERVE_FLAGS, [
    ...IDENTITY_FLAGS,
    ...targetFlags('http://127.0.0.1:1'),
    ...args,
  ]).flags
const read = async (...args: readonly string[]): Promise<ServeOptions> =>
  readServeOptions(flagsOf(['--authorization-token-file', '/run/token', ...args]), env)

describe('readServeOptions', () => {
  it('listens on loopback alone unless it is told where', async () => {
    const { listen, healthListen, tokenFile } = await read()
    expect(listen).to.deep.equal([{ host: '127.0.0.1', port: 9911 }])
    expect(healthListen).to.deep.equal({ host: '127.0.0.1', port: 9912 })
    expect(tokenFile).to.equal('/run/token')
    const both = await read('--listen', '127.0.0.1:0', '--listen', '[::1]:0')
    expect(both.listen).to.deep.equal([
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ])
  })

  it('reads how sessions and certificate are kept', async () => {
    const options = await read(
      ...['--refresh-interval', '1h', '--start-spread', '30s', '--poll-interval', '5s'],
      '--refresh-on-new-certificate',
    )
    expect(options).to.include({
      refreshIntervalMs: 3_600_000,
      startSpreadMs: 30_000,
      pollIntervalMs: 5_000,
      refreshOnNewCertificate: true,
    })
  })

  it('reads roles with a token of their own, and takes the ARN of each', async () => {
    const reports = ['--role', `reports=${ARNS.reports}`]
    const options = await read(...reports, '--role-token-file', 'reports=/run/reports')
    expect([...(options.roleTokenFiles ?? [])]).to.deep.equal([['reports', '/run/reports']])
    const workloads = await loadWorkloads(flagsOf(reports), env)
    expect([...workloads].map(([name, { params }]) => [name, params.roleArn])).to.deep.equal([
      ['', ARNS.role],
      ['reports', ARNS.reports],
    ])
  })

  it('renews earlier for clients of the metadata service', async () => {
    expect(await read('--imds')).to.include({ imds: true, refreshIntervalMs: 1_800_000 })
    const sooner = await read('--imds', '--refresh-interval', '10m')
    expect(sooner.refreshIntervalMs).to.equal(600_000)
    await rejectsWithCode(read('--imds', '--session-duration', '15m'), 'ERR_RA_FLAG_CONFLICT')
  })

  describe('without a token file', () => {
    const plain = async (...args: readonly string[]): Promise<ServeOptions> =>
      readServeOptions(flagsOf(args), env)

    it('serves as the helper does: by the metadata routes, on loopback alone', async () => {
      for (const where of [
        [],
        ['--port', '1'],
        ['--listen', '[::1]:1', '--listen', '127.0.0.2:1'],
      ]) {
        const options = await plain(...where, '--hop-limit', '64')
        expect(options).to.include({ closed: true, imds: true, refreshIntervalMs: 1_800_000 })
        expect(options.tokenFile).to.equal(undefined)
      }
      for (const args of [['--listen', '0.0.0.0:1'], ['--make-token-files']]) {
        await rejectsWithCode(plain(...args), 'ERR_RA_SETTING_MISSING')
      }
      await rejectsWithCode(plain('--session-duration', '15m'), 'ERR_RA_FLAG_CONFLICT')
    })

    it('is open when somebody says so', async () => {
      const options = await plain('--no-authorization', '--listen', '0.0.0.0:1')
      expect(options).to.not.have.any.keys('closed', 'imds', 'tokenFile')
    })

    it('cannot be ended by clients', async () => {
      for (const args of [[], ['--no-authorization']]) {
        await rejectsWithCode(plain('--quit', ...args), 'ERR_RA_FLAG_CONFLICT')
      }
    })
  })

  it('reads how to end', async () => {
    expect(await read()).to.include({ quit: false, drainDelayMs: 0 })
    expect(await read('--quit', '--drain-delay', '20')).to.include({
      quit: true,
      drainDelayMs: 20_000,
    })
  })

  for (const args of [
    ['--drain-delay', 'a while'],
    ['--refresh-interval', '10s'],
    ['--refresh-interval', 'often'],
    ['--poll-interval', '0'],
    ['--start-spread', '-1'],
    ['--role-token-file', 'other=/run/x'],
    ['--role-token-file', 'x'],
    ['--authorization-token-file-mode', '0777'],
    ['--listen', 'somewhere'],
  ]) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { hint } = await rejectsWithCode(read(...args), 'ERR_RA_FLAG_INVALID')
      expect(hint).to.match(/./)
    })
  }
})
