import type { KeyObject } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import type { LogFields, Logger } from '../../../src/log.js'
import {
  type IdentityStore,
  type IdentityStoreDeps,
  keepIdentity,
} from '../../../src/session/identity-store.js'
import { readGeneration } from '../../../src/session/read-generation.js'
import type { NamedBytes } from '../../../src/x509/named-bytes.js'
import { readCert } from '../../support/certs.js'
import { ManualClock, settle } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { type Pair, pair, Volume } from '../../support/volume.js'

const HOUR = 3_600_000
const EC = pair('ec-p256')
const RSA = pair('rsa-2048')

describe('keepIdentity', () => {
  const folder = temporaryFolder()
  let clock: ManualClock
  let volume: Volume
  let store: IdentityStore
  let outcomes: string[]
  let lines: string[]
  let changed: () => void

  function start(files: Pair = EC, more: Partial<IdentityStoreDeps> = {}): IdentityStore {
    volume = new Volume(folder.path, files)
    const line =
      (level: string) =>
      (message: string, fields: LogFields = {}): void => {
        const { error } = fields
        const code = error instanceof RolesAnywhereError ? ` ${error.code}` : ''
        lines.push(`${level} ${message}${code}`)
      }
    const log: Logger = {
      error: line('error'),
      warn: line('warn'),
      info: line('info'),
      debug: line('debug'),
    }
    store = keepIdentity(() => readGeneration(volume.files, {}), {
      clock,
      log,
      watch: (onChange) => {
        changed = onChange
        return () => {}
      },
      onReload: (outcome) => {
        if ('generation' in outcome) outcomes.push(outcome.generation.facts.serialNumber)
        else outcomes.push((outcome.error as RolesAnywhereError).code)
      },
      ...more,
    })
    return store
  }

  const keyType = (): string | undefined => store.generation()?.facts.keyType
  const expectPairInUse = (): void => {
    const { certificate, privateKey } = store.generation()!.identity
    expect(certificate.checkPrivateKey(privateKey as KeyObject)).to.equal(true)
  }

  beforeEach(() => {
    clock = new ManualClock()
    outcomes = []
    lines = []
  })
  afterEach(async () => {
    await store.stop()
    expect(clock.sleeping).to.equal(0)
  })

  it('takes a renewed pair into use when the link is swapped, also from RSA to EC and back', async () => {
    start(RSA)
    await store.current()
    expect(keyType()).to.equal('rsa')
    volume.swap(EC)
    await store.reload()
    expect(keyType()).to.equal('ec')
    expectPairInUse()
    volume.swap(RSA)
    await store.reload()
    expect(keyType()).to.equal('rsa')
    expect(outcomes).to.have.length(3)
    expect(store.failure()).to.equal(undefined)
  })

  it('finds a change by polling alone', async () => {
    start(RSA)
    await settle()
    volume.swap(EC)
    await clock.advance(9_999)
    expect(keyType()).to.equal('rsa')
    await clock.advance(1)
    expect(keyType()).to.equal('ec')
  })

  it('looks when it is told of a change, once the files have settled', async () => {
    start(RSA, { pollIntervalMs: HOUR })
    await settle()
    volume.swap(EC)
    changed()
    changed()
    await clock.advance(100)
    expect(keyType()).to.equal('rsa')
    await clock.advance(100)
    expect(keyType()).to.equal('ec')
  })

  for (const { what, spoil, code } of [
    {
      what: 'a certificate without its key',
      spoil: () => volume.overwrite('tls.crt', readCert('rsa-2048.pem')),
      code: 'ERR_RA_KEY_MISMATCH',
    },
    {
      what: 'a half-written certificate',
      spoil: () => volume.overwrite('tls.crt', readCert('ec-p256.pem').subarray(0, 300)),
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'a half-written key',
      spoil: () => volume.overwrite('tls.key', readCert('ec-p256.key.pem').subarray(0, 60)),
      code: 'ERR_RA_KEY_UNREADABLE',
    },
    {
      what: 'an empty certificate',
      spoil: () => volume.overwrite('tls.crt', ''),
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'an expired certificate',
      spoil: () => volume.overwrite('tls.crt', readCert('expired.pem')),
      code: 'ERR_RA_CERTIFICATE_EXPIRED',
    },
    {
      what: 'a missing key',
      spoil: () => rmSync(volume.files.privateKey),
      code: 'ERR_RA_KEY_UNREADABLE',
    },
  ]) {
    it(`keeps the old pair through ${what}, and says and counts it once`, async () => {
      start(EC)
      await store.current()
      spoil()
      for (let polls = 0; polls < 5; polls++) await clock.advance(10_000)
      expect(keyType()).to.equal('ec')
      expectPairInUse()
      expect(outcomes).to.deep.equal(['4099', code])
      expect(lines.filter((text) => text.startsWith('warn'))).to.deep.equal([
        `warn certificate files are not usable, keeping the ones in use ${code}`,
      ])
      expect((store.failure()?.error as RolesAnywhereError).code).to.equal(code)
    })
  }

  it('says it again when the reason is another one, and forgets it when the files are good', async () => {
    start(EC)
    await store.current()
    volume.overwrite('tls.crt', '')
    await store.reload()
    volume.overwrite('tls.crt', readCert('expired.pem'))
    await store.reload()
    volume.overwrite('tls.crt', readCert('ec-p256.pem'))
    await store.reload()
    expect(store.failure()).to.equal(undefined)
    expect(outcomes).to.deep.equal([
      '4099',
      'ERR_RA_CERTIFICATE_UNREADABLE',
      'ERR_RA_CERTIFICATE_EXPIRED',
    ])
  })

  it('has none to give until the first good pair, and then has it', async () => {
    start({ certificate: 'rsa-2048.pem', privateKey: 'ec-p256.key.pem' })
    await rejectsWithCode(store.current(), 'ERR_RA_KEY_MISMATCH')
    volume.swap(EC)
    expect(((await store.current()).privateKey as KeyObject).asymmetricKeyType).to.equal('ec')
  })

  it('takes a certificate into use when it becomes valid, though the files stay the same', async () => {
    clock = new ManualClock('2118-12-31T23:59:00Z')
    start({ certificate: 'not-yet-valid.pem', privateKey: 'ec-p256.key.pem' })
    await rejectsWithCode(store.current(), 'ERR_RA_CERTIFICATE_NOT_YET_VALID')
    await clock.advance(2 * 60_000)
    expect(store.generation()?.facts.serialNumber).to.equal('12290')
    expect(outcomes).to.deep.equal(['ERR_RA_CERTIFICATE_NOT_YET_VALID', '12290'])
  })

  describe('with a chain in the certificate file', () => {
    const CHAIN: Pair = { certificate: 'chain.full.pem', privateKey: 'chain.key.pem' }
    const whole = readCert(CHAIN.certificate)
    const betweenCertificates = whole.indexOf('-----BEGIN', 1)
    const chainLength = (): number => store.generation()?.identity.chain.length ?? 0

    it('never takes what a look finds of it while it is being written, wherever it is cut', async () => {
      start(CHAIN)
      await store.current()
      const cut = fc.oneof(
        fc.constantFrom(betweenCertificates, whole.lastIndexOf('-----BEGIN')),
        fc.nat({ max: whole.length }),
      )
      const check = fc.asyncProperty(cut, async (length) => {
        volume.overwrite('tls.crt', whole.subarray(0, length))
        await store.current()
        expect(chainLength()).to.equal(2)
        volume.overwrite('tls.crt', whole)
        await store.current()
        expect(chainLength()).to.equal(2)
        expect(store.failure()).to.equal(undefined)
        await clock.advance(1_000)
      })
      await fc.assert(check, { numRuns: 50 })
    })

    it('takes a shorter one into use when it stays, or when it is told that it is whole', async () => {
      start(CHAIN)
      await store.current()
      volume.overwrite('tls.crt', whole.subarray(0, betweenCertificates))
      await clock.advance(10_000)
      expect(chainLength()).to.equal(2)
      await clock.advance(10_000)
      expect(chainLength()).to.equal(0)
      volume.overwrite('tls.crt', whole)
      await store.reload()
      expect(chainLength()).to.equal(2)
      volume.overwrite('tls.crt', whole.subarray(0, betweenCertificates))
      await store.reload()
      expect(chainLength()).to.equal(0)
    })
  })

  it('warns of a certificate that ends before a session would, at first and every hour', async () => {
    clock = new ManualClock('2119-12-31T20:00:00Z')
    start(EC, { sessionLifeMs: 6 * HOUR })
    await clock.advance(59 * 60_000)
    const warnings = (): number => lines.filter((text) => /ends before/.test(text)).length
    expect(warnings()).to.equal(1)
    await clock.advance(60 * 60_000)
    expect(warnings()).to.equal(2)
    await clock.advance(4 * HOUR)
    expect(lines.at(-1)).to.equal('error the certificate has expired')
  })
})

describe('readGeneration', () => {
  const folder = temporaryFolder()

  it('never mixes two generations, however often the link is swapped', async () => {
    const volume = new Volume(folder.path, EC)
    for (let round = 0; round < 20; round++) {
      // The first file that is looked up takes the old folder away behind it.
      let swapped = false
      const files = {
        ...volume.files,
        get certificate(): string {
          if (!swapped) {
            swapped = true
            volume.swap(round % 2 === 0 ? RSA : EC)
          }
          return volume.files.certificate
        },
      }
      const { certificate, privateKey } = await readGeneration(files, {})
      const kind = round % 2 === 0 ? 'rsa-2048' : 'ec-p256'
      expect(Buffer.from(certificate.bytes).equals(readCert(`${kind}.pem`))).to.equal(true)
      expect(
        Buffer.from((privateKey as NamedBytes).bytes).equals(readCert(`${kind}.key.pem`)),
      ).to.equal(true)
    }
  })
})
