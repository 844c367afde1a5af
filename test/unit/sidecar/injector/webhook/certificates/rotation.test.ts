import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { makePair } from '../../../../../../sidecar/injector/webhook/certificates/make-pair.js'
import {
  authorityBundle,
  BACKDATE_MS,
  LIFE_MS,
  OVERLAP_MS,
  rotationStep,
  type ServingPair,
} from '../../../../../../sidecar/injector/webhook/certificates/rotation.js'
import { checkPair } from '../../../../../../sidecar/injector/webhook/certificates/webhook-certificate.js'
import { ManualClock } from '../../../../../support/manual-clock.js'
import { throwsWithCode } from '../../../../../support/rejects.js'

const DAY_MS = 24 * 60 * 60_000
const HOST = 'rolesanywhere-injector.system.svc'

describe('rotationStep', () => {
  const clock = new ManualClock()
  let first: ServingPair
  let second: ServingPair
  before(async () => {
    first = await makePair(HOST, clock)
    clock.jump(61 * DAY_MS)
    second = await makePair(HOST, clock)
  })
  const atMs = (ms: number): Date => new Date(Date.parse('2026-01-01T00:00:00Z') + ms)

  it('makes the first pair of an empty Secret', () => {
    expect(rotationStep({}, atMs(0))).to.equal('make-first')
  })

  it('does nothing for two thirds of the life', () => {
    expect(rotationStep({ serving: first }, atMs(0))).to.equal('none')
    expect(rotationStep({ serving: first }, atMs(59 * DAY_MS))).to.equal('none')
    expect(rotationStep({ serving: first }, atMs(61 * DAY_MS))).to.equal('stage-next')
  })

  it('uses the next pair once its authority is published', () => {
    const state = { serving: first, next: second }
    const staged = 61 * DAY_MS
    expect(rotationStep(state, atMs(staged + OVERLAP_MS - 2000))).to.equal('none')
    expect(rotationStep(state, atMs(staged + OVERLAP_MS))).to.equal('promote-next')
  })

  it('uses the next pair at once when the one served is over', () => {
    expect(rotationStep({ serving: first, next: second }, atMs(LIFE_MS))).to.equal('promote-next')
    expect(rotationStep({ serving: first }, atMs(LIFE_MS))).to.equal('make-first')
  })

  for (const [what, broken] of [
    ['not PEM', { certificate: 'x', privateKey: 'y', authority: 'z' }],
    ['cut off', { certificate: '-----BEGIN CERTIFICATE-----', privateKey: '', authority: '' }],
  ] as const) {
    it(`starts over from a pair that is ${what}`, () => {
      expect(rotationStep({ serving: broken }, atMs(0))).to.equal('make-first')
    })
  }

  it('starts over from a certificate of another authority', () => {
    const mixed = { ...first, authority: second.authority }
    expect(rotationStep({ serving: mixed }, atMs(0))).to.equal('make-first')
  })

  it('has API servers trust both authorities while it changes', () => {
    const bundle = authorityBundle({ serving: first, next: second })
    expect(bundle.match(/BEGIN CERTIFICATE/g)).to.have.length(2)
    expect(authorityBundle({ serving: first, next: first })).to.equal(
      authorityBundle({ serving: first }),
    )
  })

  it('makes a certificate for the name of the Service', () => {
    const certificate = new X509Certificate(first.certificate)
    expect(certificate.checkHost(HOST)).to.equal(HOST)
    expect(certificate.ca).to.equal(false)
    expect(Date.parse(certificate.validFrom)).to.equal(atMs(-BACKDATE_MS).getTime())
    expect(checkPair(first.certificate, first.privateKey).notAfter).to.deep.equal(atMs(LIFE_MS))
    throwsWithCode(
      () => checkPair(first.certificate, second.privateKey),
      'ERR_RA_WEBHOOK_CERTIFICATE_INVALID',
    )
  })
})
