import { readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { ARNS, IDENTITY_FLAGS, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { endPrograms, PROGRAM, rolesanywhere, type Running, start } from '../support/program.js'
import { get } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { serverIdentity, testRoot } from '../support/tls-server.js'

/** Nobody who sends a signal waits this long. */
const AT_ONCE_MS = 3_000

const STATE = {
  trustAnchors: [{ arn: ARNS.trustAnchor, certificateFile: certPath('root.pem') }],
  profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role] }],
  roles: [{ arn: ARNS.role }],
}

describe('rolesanywhere emulator', () => {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder.path, name)

  beforeEach(async () => writeFile(path('state.json'), JSON.stringify(STATE)))
  afterEach(endPrograms)

  const args = (...more: string[]): string[] => [
    ...['emulator', '--state', path('state.json'), '--listen', '127.0.0.1:0'],
    ...more,
  ]

  async function startEmulator(...more: string[]): Promise<Running & { readonly url: string }> {
    const emulator = start([PROGRAM, ...args(...more)])
    const [url = ''] = /https?:\/\/\S+/.exec(await emulator.logged(/listening on/)) ?? []
    return { ...emulator, url }
  }

  const credentials = (url: string, ...more: string[]) =>
    rolesanywhere(['credential-process', ...IDENTITY_FLAGS, ...targetFlags(url), ...more])

  it('answers CreateSession for what its state file names', async () => {
    const { url } = await startEmulator()
    const { status, stderr } = await credentials(url)
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('writes its port, whole, as soon as it answers there', async () => {
    const { url } = await startEmulator('--port-file', path('port'))
    const port = await readFile(path('port'), 'utf8')
    expect(`http://127.0.0.1:${port.trim()}`).to.equal(url)
    expect(await readdir(folder.path)).to.have.members(['port', 'state.json'])
  })

  it('serves HTTPS', async () => {
    const root = await testRoot()
    const { cert, key } = await serverIdentity(root)
    await writeFile(path('root.pem'), root.certificate.toString())
    await writeFile(path('tls.crt'), cert)
    await writeFile(path('tls.key'), key)
    const tls = ['--tls-certificate', path('tls.crt'), '--tls-private-key', path('tls.key')]
    const { url } = await startEmulator(...tls)
    expect(url).to.match(/^https:/)
    expect((await credentials(url, '--ca-bundle', path('root.pem'))).status).to.equal(0)
    expect((await credentials(url)).status).to.equal(6)
  })

  it('lives at the instant of --at', async () => {
    const { url } = await startEmulator('--at', '2024-05-01T12:00:00Z')
    const { status, stdout } = await credentials(url)
    // The client finds out the difference, and asks again with the time of the service.
    expect(status).to.equal(0)
    expect(JSON.parse(stdout)).to.have.property('Expiration', '2024-05-01T13:00:00Z')
  })

  it('goes wrong when it is told to, and tells what it saw', async () => {
    const { url } = await startEmulator()
    await fetch(`${url}/_emulator/faults`, {
      method: 'POST',
      body: JSON.stringify([{ operation: 'CreateSession', kind: 'denied', count: 1 }]),
    })
    expect((await credentials(url)).status).to.equal(5)
    expect((await credentials(url)).status).to.equal(0)
    const { body } = await get(`${url}/_emulator/requests`)
    const { requests } = JSON.parse(body) as { requests: { outcome: string }[] }
    expect(requests.map(({ outcome }) => outcome)).to.deep.equal(['refused', 'granted'])
  })

  for (const { what, state, place } of [
    { what: 'is not JSON', state: '{', place: '' },
    {
      what: 'has an unknown member',
      state: JSON.stringify({ ...STATE, bukets: [] }),
      place: 'bukets',
    },
    {
      what: 'has a bad value deep inside',
      state: JSON.stringify({ ...STATE, profiles: [{ arn: ARNS.profile, roleArns: ['app'] }] }),
      place: 'profiles[0].roleArns[0]',
    },
  ]) {
    it(`says where its state file is wrong when it ${what}`, async () => {
      await writeFile(path('state.json'), state)
      const result = await rolesanywhere(args())
      expect(result.stderr).to.match(/^error: .+ \(ERR_RA_EMULATOR_STATE_INVALID\)\n/)
      expect(result.stderr).to.include('state.json').and.include(place)
      expect(result.stdout).to.equal('')
      expect(result.status).to.equal(3)
    })
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends at once on ${signal}, with a connection open and a request that hangs`, async () => {
      const emulator = await startEmulator()
      await fetch(`${emulator.url}/_emulator/faults`, {
        method: 'POST',
        body: JSON.stringify([{ operation: 'CreateSession', kind: 'hang' }]),
      })
      const client = start([
        ...[PROGRAM, 'credential-process', ...IDENTITY_FLAGS],
        ...targetFlags(emulator.url),
      ])
      const idle = connect(Number(new URL(emulator.url).port), '127.0.0.1')
      idle.on('error', () => {
        // A reset is an end, too.
      })
      const sinceMs = performance.now()
      const { status, stdout } = await emulator.stop(signal)
      expect(status).to.equal(0)
      expect(stdout).to.equal('')
      expect(performance.now() - sinceMs).to.be.lessThan(AT_ONCE_MS)
      await client.stop()
      idle.destroy()
    })
  }
})
