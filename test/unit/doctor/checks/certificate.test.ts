import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { main } from '../../../../src/cli/main.js'
import { COMMANDS } from '../../../../src/commands.js'
import type { ErrorKind } from '../../../../src/errors.js'
import { systemClock } from '../../../../src/system-clock.js'
import { targetFlags } from '../../../support/aws.js'
import { certPath, PASSPHRASE } from '../../../support/certs.js'
import { recordedIo } from '../../../support/io.js'

interface Row {
  readonly id: string
  readonly status: string
  readonly kind: ErrorKind | null
  readonly message: string
}

describe('doctor --offline, of certificates that break a rule', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-test-'))
    await writeFile(join(folder, 'passphrase'), PASSPHRASE.reveal(), { mode: 0o600 })
    await writeFile(join(folder, 'wrong'), 'wrong', { mode: 0o600 })
  })
  after(async () => rm(folder, { recursive: true }))

  /** Keys lie in a checkout with the modes that it has; a copy has those that a key should have. */
  async function copied(file: string): Promise<string> {
    const path = join(folder, file)
    await copyFile(certPath(file), path)
    await chmod(path, 0o600)
    return path
  }

  async function doctor(
    certificate: string,
    key: string | undefined,
    ...more: string[]
  ): Promise<{ readonly rows: readonly Row[]; readonly status: number }> {
    const io = recordedIo({ env: { HOME: '/nonexistent' } })
    const files = [
      ...['--certificate', await copied(certificate)],
      ...(key === undefined ? [] : ['--private-key', await copied(key)]),
    ]
    const target = targetFlags('http://127.0.0.1:1')
    const status = await main(
      COMMANDS,
      ['doctor', '--offline', '--json', ...files, ...target, ...more],
      io,
    )
    return { status, rows: (JSON.parse(io.written.stdout) as { checks: Row[] }).checks }
  }

  /** Names of the checks that failed. */
  const failing = (rows: readonly Row[]): readonly string[] =>
    rows.filter(({ status }) => status === 'failed').map(({ id }) => id)

  const anchor = ['--trust-anchor-certificate', certPath('root.pem')]
  const intermediates = (file: string): string[] => ['--intermediates', certPath(file)]

  for (const { certificate, key = 'ec-p256.key.pem', more = [], fails } of [
    { certificate: 'ec-p256.pem', fails: [] },
    { certificate: 'ec-p256.combined.pem', key: null, fails: [] },
    { certificate: 'chain.full.pem', key: 'chain.key.pem', fails: [] },
    {
      certificate: 'chain.pem',
      key: 'chain.key.pem',
      more: intermediates('intermediates.pem'),
      fails: [],
    },
    { certificate: 'chain.pem', key: 'chain.key.pem', fails: ['chain.trust-anchor'] },
    {
      certificate: 'chain.pem',
      key: 'chain.key.pem',
      more: intermediates('ec-p256.key.pem'),
      fails: ['chain.intermediates'],
    },
    { certificate: 'expired.pem', fails: ['certificate.validity'] },
    { certificate: 'not-yet-valid.pem', fails: ['certificate.validity'] },
    { certificate: 'v1.pem', fails: ['certificate.version', 'certificate.key-usage'] },
    { certificate: 'empty-subject.pem', fails: ['certificate.subject'] },
    { certificate: 'ca.pem', fails: ['certificate.end-entity'] },
    { certificate: 'no-key-usage.pem', fails: ['certificate.key-usage'] },
    { certificate: 'no-digital-signature.pem', fails: ['certificate.key-usage'] },
    { certificate: 'sha1.pem', fails: ['certificate.signature-hash'] },
    { certificate: 'rsa-1024.pem', key: 'rsa-1024.key.pem', fails: ['certificate.key'] },
    { certificate: 'ed25519.pem', key: 'ed25519.key.pem', fails: ['certificate.key'] },
    { certificate: 'ec-secp256k1.pem', key: 'ec-secp256k1.key.pem', fails: ['certificate.key'] },
    { certificate: 'ec-p256.pem', key: 'ec-p384.key.pem', fails: ['certificate.key-match'] },
    { certificate: 'ec-p256.pem', key: null, fails: ['certificate.private-key'] },
    { certificate: 'truncated.pem', fails: ['certificate.readable'] },
    { certificate: 'request.pem', fails: ['certificate.readable'] },
    // Both files are wrong, and both are named.
    {
      certificate: 'ec-p256.key.pem',
      key: 'ec-p256.pem',
      fails: ['certificate.readable', 'certificate.private-key'],
    },
    // A wrong key does not hide what is wrong with the certificate.
    {
      certificate: 'expired.pem',
      key: 'ec-p384.key.pem',
      fails: ['certificate.key-match', 'certificate.validity'],
    },
    {
      certificate: 'chain-6.pem',
      key: 'chain.key.pem',
      more: intermediates('intermediates-6.pem'),
      fails: ['chain.rules'],
    },
    {
      certificate: 'chain-expired.pem',
      key: 'chain.key.pem',
      more: intermediates('intermediate-expired.pem'),
      fails: ['chain.rules'],
    },
    {
      certificate: 'chain-sha1.pem',
      key: 'chain.key.pem',
      more: intermediates('intermediate-sha1.pem'),
      fails: ['chain.rules'],
    },
    {
      certificate: 'chain-not-ca.pem',
      key: 'chain.key.pem',
      more: intermediates('no-key-usage.pem'),
      fails: ['chain.rules'],
    },
  ]) {
    const what = [certificate, key, ...more.slice(1).map((path) => path.split('/').at(-1))]
    it(`finds ${fails.join(' and ') || 'nothing'} wrong with ${what.join(', ')}`, async () => {
      const { rows, status } = await doctor(certificate, key ?? undefined, ...more, ...anchor)
      expect(failing(rows)).to.deep.equal(fails)
      expect(status).to.equal(fails.length > 0 ? 4 : 0)
    })
  }

  it('judges validity by the clock that it is given', async () => {
    const clock = { ...systemClock, now: () => new Date('2120-06-01T00:00:00Z') }
    const io = recordedIo({ env: { HOME: '/nonexistent' }, clock })
    const files = ['--certificate', await copied('ec-p256.combined.pem')]
    const target = targetFlags('http://127.0.0.1:1')
    await main(COMMANDS, ['doctor', '--offline', '--json', ...files, ...target], io)
    const { checks } = JSON.parse(io.written.stdout) as { checks: Row[] }
    expect(failing(checks)).to.deep.equal(['certificate.validity'])
  })

  it('warns of certificates that have no place in the chain', async () => {
    const more = [...intermediates('intermediates.variants.pem'), ...anchor]
    const { rows, status } = await doctor('chain.pem', 'chain.key.pem', ...more)
    expect(rows.find(({ id }) => id === 'chain.intermediates')?.status).to.equal('warning')
    expect(status).to.equal(0)
  })

  it('opens a PKCS#12 file with its passphrase', async () => {
    const passphrase = ['--private-key-passphrase-file', join(folder, 'passphrase')]
    const { rows, status } = await doctor('chain.p12', undefined, ...passphrase, ...anchor)
    expect(failing(rows)).to.deep.equal([])
    expect(status).to.equal(0)
  })

  it('says that a passphrase is wrong, and never which one', async () => {
    const passphrase = ['--private-key-passphrase-file', join(folder, 'wrong')]
    const { rows } = await doctor('ec-p256.pem', 'ec-p256.pbes2-scrypt.key.pem', ...passphrase)
    expect(failing(rows)).to.deep.equal(['certificate.private-key'])
    expect(JSON.stringify(rows)).to.not.contain('"wrong"')
  })
})
