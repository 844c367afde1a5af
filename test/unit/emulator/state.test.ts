import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { createEmulator, readStateFile } from '../../../src/emulator/index.js'
import { stateOf } from '../../../src/emulator/state/state.js'
import { ACCOUNT, ANCHOR_ARN, PROFILE_ARN, ROLE_ARN } from '../../support/emulator-client.js'
import { stateFor } from '../../support/emulator-fixture.js'
import { type TestIdentity, createCrl, createLeaf, createRoot } from '../../support/emulator-pki.js'
import { rejectsWithCode, throwsWithCode } from '../../support/rejects.js'

const INVALID = 'ERR_RA_EMULATOR_STATE_INVALID'

describe('the state of the emulator', () => {
  let root: TestIdentity
  let folder: string

  before(async () => {
    root = await createRoot()
    folder = mkdtempSync(join(tmpdir(), 'emulator-state-'))
  })

  after(() => rmSync(folder, { recursive: true }))

  const PROBLEMS: readonly (readonly [where: string, document: (pem: string) => unknown])[] = [
    ['emulator state is not an object', () => []],
    ['roles2 ', () => ({ roles2: [] })],
    ['region ', () => ({ region: 'Frankfurt' })],
    ['trustAnchors is not an array', () => ({ trustAnchors: {} })],
    ['trustAnchors[0] lacks "arn"', (pem) => ({ trustAnchors: [{ certificate: pem }] })],
    ['trustAnchors[0].arn ', (pem) => ({ trustAnchors: [{ arn: ROLE_ARN, certificate: pem }] })],
    ['trustAnchors[0] lacks both', () => ({ trustAnchors: [{ arn: ANCHOR_ARN }] })],
    [
      'trustAnchors[0] has no PEM',
      () => ({ trustAnchors: [{ arn: ANCHOR_ARN, certificate: 'x' }] }),
    ],
    [
      'trustAnchors[0] has more than 2',
      (pem) => ({ trustAnchors: [{ arn: ANCHOR_ARN, certificate: pem.repeat(3) }] }),
    ],
    [
      'trustAnchors[0].certificateFile names a file',
      () => ({ trustAnchors: [{ arn: ANCHOR_ARN, certificateFile: 'x.pem' }] }),
    ],
    [
      'trustAnchors[1] has the ARN of an earlier one',
      (pem) => ({
        trustAnchors: [
          { arn: ANCHOR_ARN, certificate: pem },
          { arn: ANCHOR_ARN, certificate: pem },
        ],
      }),
    ],
    [
      'trustAnchors[0].crls[0] is not a usable CRL',
      (pem) => ({ trustAnchors: [{ arn: ANCHOR_ARN, certificate: pem, crls: [{ crl: 'x' }] }] }),
    ],
    ['profiles[0].roleArns[0] ', () => ({ profiles: [{ arn: PROFILE_ARN, roleArns: ['x'] }] })],
    [
      'profiles[0].durationSeconds ',
      () => ({ profiles: [{ arn: PROFILE_ARN, roleArns: [], durationSeconds: 60 }] }),
    ],
    [
      'roles[0].trustPolicy.Statement[0].Effect ',
      () => ({
        roles: [
          {
            arn: ROLE_ARN,
            trustPolicy: { Statement: [{ Effect: 1, Principal: '*', Action: '*' }] },
          },
        ],
      }),
    ],
    ['buckets[0].name ', () => ({ buckets: [{ name: 'UPPER' }] })],
    ['buckets[0].createdAt ', () => ({ buckets: [{ name: 'abc', createdAt: 'soon' }] })],
    [
      'repositories[0].tags[1] ',
      () => ({
        repositories: [{ name: 'a', account: ACCOUNT, region: 'eu-west-1', tags: ['x', 1] }],
      }),
    ],
  ]
  for (const [where, document] of PROBLEMS) {
    it(`is refused at: ${where}`, () => {
      const error = throwsWithCode(() => stateOf(document(root.pem)), INVALID)
      expect(error.message).to.include(where)
      expect(error.hint).to.be.a('string')
    })
  }

  it('refuses a certificate that is no CA, and a CRL of somebody else', async () => {
    const leaf = await createLeaf(root)
    const anchor = { certificate: leaf.pem }
    throwsWithCode(() => stateOf(stateFor(root, { anchor })), INVALID)
    const crl = await createCrl(await createRoot(), ['01'])
    throwsWithCode(() => stateOf(stateFor(root, { anchor: { crls: [{ crl }] } })), INVALID)
  })

  it('takes two CRLs of a trust anchor and no third', async () => {
    const state = stateOf(stateFor(root))
    state.addCrl(ANCHOR_ARN, await createCrl(root, ['01']))
    state.addCrl(ANCHOR_ARN, await createCrl(root, ['02']))
    const third = await createCrl(root, ['03'])
    throwsWithCode(() => state.addCrl(ANCHOR_ARN, third), INVALID)
  })

  it('reads the files that a state file names, from its own folder', () => {
    writeFileSync(join(folder, 'root.pem'), root.pem)
    const path = join(folder, 'state.json')
    const trustAnchors = [{ arn: ANCHOR_ARN, certificateFile: 'root.pem' }]
    writeFileSync(path, JSON.stringify({ trustAnchors }))
    expect(readStateFile(path).trustAnchor(ANCHOR_ARN)?.certificates).to.have.length(1)
  })

  it('says which file is missing or is not JSON, and not what is in it', () => {
    throwsWithCode(() => readStateFile(join(folder, 'absent.json')), 'ERR_RA_FILE_UNREADABLE')
    throwsWithCode(() => readStateFile(folder), 'ERR_RA_FILE_UNREADABLE')
    const path = join(folder, 'broken.json')
    writeFileSync(path, '{"confidential')
    const error = throwsWithCode(() => readStateFile(path), INVALID)
    expect(error.message).to.include(path).and.not.include('confidential')
  })

  it('is kept when its replacement is invalid', async () => {
    const emulator = await createEmulator({ state: stateFor(root) })
    try {
      throwsWithCode(() => emulator.state.replace({ region: 'x' }), INVALID)
      expect(emulator.state.role(ROLE_ARN)?.maxSessionDuration).to.equal(3600)
    } finally {
      await emulator.close()
    }
  })

  it('fails only with its own error, whatever the document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        try {
          stateOf(document)
        } catch (error) {
          expect(error).to.be.instanceOf(RolesAnywhereError)
        }
      }),
    )
  })

  it('reports a port that is taken', async () => {
    const emulator = await createEmulator({ state: {} })
    try {
      const listen = { host: '127.0.0.1', port: emulator.port }
      await rejectsWithCode(createEmulator({ state: {}, listen }), 'ERR_RA_LISTEN_FAILED')
    } finally {
      await emulator.close()
    }
  })
})
