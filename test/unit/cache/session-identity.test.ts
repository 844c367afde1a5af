import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { certificateBlocks } from '../../../src/cache/certificate-blocks.js'
import { sameIdentity } from '../../../src/cache/session-entry.js'
import { identityName, sessionIdentity } from '../../../src/cache/session-identity.js'
import { readBounded } from '../../../src/session/read-bounded.js'
import type { Workload } from '../../../src/session/session-source.js'
import { ARNS } from '../../support/aws.js'
import { certPath, readCert } from '../../support/certs.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { IDENTITY } from './entries.js'

const WORKLOAD: Workload = {
  identityFiles: { certificate: 'tls.crt', privateKey: 'tls.key' },
  params: {
    trustAnchorArn: ARNS.trustAnchor,
    profileArn: ARNS.profile,
    roleArn: ARNS.role,
    durationSeconds: 3600,
  },
  endpoint: { protocol: 'https:', hostname: 'rolesanywhere.example' },
  region: 'eu-central-1',
  verifyTls: true,
  timeoutMs: 10_000,
}

describe('the identity of a session', () => {
  const { params, endpoint } = WORKLOAD
  const OTHERS: Readonly<Record<string, Partial<Workload>>> = {
    'trust anchor': { params: { ...params, trustAnchorArn: `${ARNS.trustAnchor}0` } },
    profile: { params: { ...params, profileArn: `${ARNS.profile}0` } },
    role: { params: { ...params, roleArn: ARNS.reports } },
    duration: { params: { ...params, durationSeconds: 900 } },
    'session name': { params: { ...params, roleSessionName: 'me' } },
    region: { region: 'eu-west-1' },
    'host of the endpoint': { endpoint: { ...endpoint, hostname: 'other.example' } },
    'port of the endpoint': { endpoint: { ...endpoint, port: 8443 } },
    'check of the endpoint': { verifyTls: false },
    'private key': { identityFiles: { certificate: 'tls.crt', privateKey: 'other.key' } },
  }
  const one = sessionIdentity(WORKLOAD, ['MIIB'])
  for (const [what, change] of Object.entries(OTHERS)) {
    it(`differs with the ${what}`, () => {
      const other = sessionIdentity({ ...WORKLOAD, ...change }, ['MIIB'])
      expect(sameIdentity(one, other)).to.equal(false)
      expect(identityName(one)).to.not.equal(identityName(other))
    })
  }

  it('differs with the certificate', () => {
    const other = sessionIdentity(WORKLOAD, ['MIIC'])
    expect(sameIdentity(one, other)).to.equal(false)
    expect(identityName(one)).to.not.equal(identityName(other))
  })

  it('does not depend on where the certificate lies, nor on how long may be waited', () => {
    const files = { certificate: 'copy.crt', privateKey: 'tls.key' }
    const same = sessionIdentity({ ...WORKLOAD, identityFiles: files, timeoutMs: 1 }, ['MIIB'])
    expect(sameIdentity(one, same)).to.equal(true)
    expect(identityName(one)).to.equal(identityName(same))
  })

  it('holds no PIN of a PKCS#11 URI', () => {
    const identityFiles = { certificate: 'tls.crt', privateKey: 'pkcs11:object=a?pin-value=canary' }
    const identity = sessionIdentity({ ...WORKLOAD, identityFiles }, ['MIIB'])
    expect(JSON.stringify(identity)).to.not.include('canary')
  })

  it('is what it was after a round trip through its file', () => {
    expect(
      sameIdentity(IDENTITY, JSON.parse(JSON.stringify(IDENTITY)) as typeof IDENTITY),
    ).to.equal(true)
  })

  it('has a name of 16 hexadecimal digits, and hardly ever that of another', () => {
    const names = new Map<string, string>()
    fc.assert(
      fc.property(fc.string(), (certificate) => {
        const name = identityName({ ...IDENTITY, certificates: [certificate] })
        expect(name).to.match(/^[0-9a-f]{16}$/)
        expect(names.get(name) ?? certificate).to.equal(certificate)
        names.set(name, certificate)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the certificates of a file, for comparison', () => {
  const folder = temporaryFolder()
  const der = readCert('ec-p256.pem')
    .toString()
    .replace(/-----.*?-----|\s/g, '')

  it('are those of PEM, in a file or in a variable, with a key or without', () => {
    expect(certificateBlocks({ certificate: certPath('ec-p256.pem') }, {})).to.deep.equal([der])
    const env = { CERT: readCert('ec-p256.pem').toString() }
    expect(certificateBlocks({ certificate: 'env:CERT' }, env)).to.deep.equal([der])
    const combined = { certificate: certPath('ec-p256.combined.pem') }
    expect(certificateBlocks(combined, {})).to.deep.equal([der])
  })

  it('do not depend on line ends and text around them', async () => {
    const path = join(folder.path, 'tls.crt')
    await writeFile(path, `subject\n${readCert('ec-p256.pem').toString()}`.replaceAll('\n', '\r\n'))
    expect(certificateBlocks({ certificate: path }, {})).to.deep.equal([der])
  })

  it('stay in a pipe, for whoever reads the identity', async () => {
    const pipe = join(folder.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    const writer = spawn('cp', [certPath('ec-p256.pem'), pipe])
    const ended = once(writer, 'exit')
    expect(certificateBlocks({ certificate: pipe }, {})).to.equal(undefined)
    expect(readBounded(pipe, 10_000)).to.deep.equal({ bytes: readCert('ec-p256.pem') })
    await ended
  })

  it('are not looked for in other formats, in large files, and where nothing is', async () => {
    const large = join(folder.path, 'large.pem')
    await writeFile(large, readCert('ec-p256.pem').toString().repeat(200))
    for (const path of [certPath('ec-p256.p12'), '/nonexistent', folder.path, large, 'env:NONE']) {
      expect(certificateBlocks({ certificate: path }, {}), path).to.equal(undefined)
    }
  })
})
