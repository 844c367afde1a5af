import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { Emulator } from '../../../src/emulator/index.js'
import { fromRolesAnywhere } from '../../../src/index.js'
import type { FromRolesAnywhereInit } from '../../../src/session/provider-init.js'
import { ARNS, startAws } from '../../support/aws.js'
import { certPath } from '../../support/certs.js'
import { eventually } from '../../support/eventually.js'
import { ManualClock, settle } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { pair, Volume } from '../../support/volume.js'

const GOOD: FromRolesAnywhereInit = {
  certificate: certPath('ec-p256.pem'),
  privateKey: certPath('ec-p256.key.pem'),
  trustAnchorArn: ARNS.trustAnchor,
  profileArn: ARNS.profile,
  roleArn: ARNS.role,
}

describe('fromRolesAnywhere', () => {
  const folder = temporaryFolder()
  let clock: ManualClock
  let aws: Emulator
  const deps = { random: () => 0 }

  beforeEach(async () => {
    clock = new ManualClock()
    aws = await startAws({ clock })
  })
  afterEach(async () => aws.close())

  it('gives the credentials of an S3 client that lists buckets', async () => {
    const real = await startAws()
    const client = new S3Client({
      region: 'eu-central-1',
      endpoint: real.url,
      forcePathStyle: true,
      credentials: fromRolesAnywhere({ ...GOOD, endpoint: real.url }),
    })
    try {
      const { Buckets = [] } = await client.send(new ListBucketsCommand())
      expect(Buckets.map(({ Name }) => Name)).to.deep.equal(['invoices', 'receipts'])
      await client.send(new ListBucketsCommand())
      expect(real.sessions).to.have.length(1)
    } finally {
      client.destroy()
      await real.close()
    }
  })

  it('asks for nothing before it is called, and once for all who call', async () => {
    const provider = fromRolesAnywhere({ ...GOOD, endpoint: aws.url }, { ...deps, clock })
    await settle()
    expect(aws.sessions).to.have.length(0)
    const given = await Promise.all([provider(), provider(), provider()])
    expect(aws.sessions).to.have.length(1)
    expect(new Set(given.map(({ accessKeyId }) => accessKeyId)).size).to.equal(1)
    expect(given[0]!.expiration).to.deep.equal(new Date('2026-01-01T01:00:00Z'))
    for (const key of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const) {
      expect(given[0]![key]).to.be.a('string').and.not.equal('[redacted]')
    }
  })

  it('renews in the background with a certificate that was renewed as well', async () => {
    const volume = new Volume(folder.path, pair('ec-p256'))
    const init = { ...GOOD, ...volume.files, endpoint: aws.url, timeoutMs: 300_000 }
    const provider = fromRolesAnywhere(init, { ...deps, clock })
    const { accessKeyId } = await provider()
    volume.swap(pair('rsa-2048'))
    await clock.advance(40 * 60_000)
    const renewed = await eventually(async () => {
      const given = await provider()
      return given.accessKeyId === accessKeyId ? undefined : given
    })
    expect(renewed.expiration).to.deep.equal(new Date('2026-01-01T01:40:00Z'))
  })

  it('rides out being throttled for whoever waits for the first credentials', async () => {
    const real = await startAws()
    try {
      real.setFaults([{ operation: 'CreateSession', kind: 'throttle', count: 2 }])
      await fromRolesAnywhere({ ...GOOD, endpoint: real.url }, deps)()
      expect(real.requests).to.have.length(3)
    } finally {
      await real.close()
    }
  })

  it('rejects with what is wrong, and gives credentials once it no longer is', async () => {
    const volume = new Volume(folder.path, {
      certificate: 'rsa-2048.pem',
      privateKey: 'ec-p256.key.pem',
    })
    // The deadline runs on the clock that is moved below, the call does not.
    const init = { ...GOOD, ...volume.files, endpoint: aws.url, timeoutMs: 300_000 }
    const provider = fromRolesAnywhere(init, { ...deps, clock })
    await rejectsWithCode(provider(), 'ERR_RA_KEY_MISMATCH')
    volume.swap(pair('ec-p256'))
    await clock.advance(10_000)
    await eventually(async () => provider().catch(() => undefined))
    expect(aws.sessions).to.have.length(1)
  })

  for (const { what, change, message } of [
    { what: 'a missing certificate', change: { certificate: '' }, message: /^certificate/ },
    { what: 'a missing ARN', change: { roleArn: undefined }, message: /^roleArn/ },
    { what: 'a malformed ARN', change: { roleArn: 'arn:aws:s3:::x' }, message: /^role ARN/ },
    {
      what: 'a misspelt option',
      change: { privatekey: 'x' },
      message: /unknown option privatekey/,
    },
    { what: 'a number in a string', change: { durationSeconds: '3600' }, message: /^durationSec/ },
    { what: 'a session that is too short', change: { durationSeconds: 60 }, message: /^durationS/ },
    { what: 'a session name', change: { roleSessionName: 'a b' }, message: /^roleSessionName/ },
    { what: 'an endpoint', change: { endpoint: 'http://example.com' }, message: /endpoint/ },
    { what: 'a refresh interval', change: { refreshIntervalMs: Number.NaN }, message: /^refreshI/ },
  ]) {
    it(`refuses ${what} when it is made, naming it`, () => {
      const init = { ...GOOD, ...change } as FromRolesAnywhereInit
      expect(() => fromRolesAnywhere(init)).to.throw(TypeError, message)
    })
  }
})
