import { expect } from 'chai'
import {
  loadWorkloads,
  readServeOptions,
  SERVE_FLAGS,
} from '../../../../sidecar/server/serve-options.js'
import type { SidecarOptions } from '../../../../sidecar/server/start-sidecar.js'
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
const read = async (...args: readonly string[]): Promise<SidecarOptions> =>
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

  for (const args of [
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
