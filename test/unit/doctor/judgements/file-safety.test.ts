import { expect } from 'chai'
import { type FileRole, judgeFile } from '../../../../src/doctor/judgements/file-safety.js'
import type { FileFacts } from '../../../../src/doctor/probes/file-facts.js'

const UID = 1000
const KEY: FileRole = { what: 'private key', code: 'ERR_RA_KEY_UNREADABLE', secret: true }
const CERTIFICATE: FileRole = {
  what: 'certificate',
  code: 'ERR_RA_CERTIFICATE_UNREADABLE',
  secret: false,
}

const file = (mode: number, uid = UID, more: Partial<FileFacts> = {}): FileFacts => ({
  path: '/etc/app/tls.key',
  isLink: false,
  problem: undefined,
  bytes: Buffer.from('x'),
  access: { mode, uid },
  folder: { mode: 0o755, uid: 0 },
  ...more,
})

describe('judgeFile', () => {
  for (const { what, facts, role = KEY, uid = UID, status, words = '' } of [
    { what: 'a key of its own', facts: file(0o600), status: 'ok' },
    { what: 'a key that a group may read, as fsGroup has it', facts: file(0o640, 0), status: 'ok' },
    { what: 'a key that all may read', facts: file(0o644), status: 'warning', words: '0644' },
    {
      what: 'a certificate that all may read',
      facts: file(0o644),
      role: CERTIFICATE,
      status: 'ok',
    },
    {
      what: 'a certificate that all may write',
      facts: file(0o666),
      role: CERTIFICATE,
      status: 'warning',
      words: 'changed by others',
    },
    {
      what: 'a key that the group may write',
      facts: file(0o660),
      status: 'warning',
      words: 'changed by others',
    },
    {
      what: 'a key of another user',
      facts: file(0o640, 2000),
      status: 'warning',
      words: 'uid 2000, this is 1000',
    },
    {
      what: 'a key of another user, asked by root',
      facts: file(0o640, 2000),
      uid: 0,
      status: 'ok',
    },
    {
      what: 'a key in a folder that all may change',
      facts: file(0o600, UID, { folder: { mode: 0o777, uid: 0 } }),
      status: 'warning',
      words: 'folder that every user can change (mode 0777)',
    },
    {
      what: 'a key in a sticky folder, as /tmp is',
      facts: file(0o600, UID, { folder: { mode: 0o1777, uid: 0 } }),
      status: 'ok',
    },
    {
      what: 'a key behind a link',
      facts: file(0o600, UID, { isLink: true, leadsTo: '/etc/app/..data/tls.key' }),
      status: 'ok',
      words: 'which is "/etc/app/..data/tls.key"',
    },
    {
      what: 'nothing at all',
      facts: file(0, UID, { problem: 'ENOENT' }),
      status: 'failed',
      words: 'does not exist',
    },
    {
      what: 'a link that leads nowhere',
      facts: file(0, UID, { problem: 'ENOENT', isLink: true }),
      status: 'failed',
      words: 'leads nowhere',
    },
    {
      what: 'a key that may not be read',
      facts: file(0o600, 0, { problem: 'EACCES' }),
      status: 'failed',
      words: 'may not be read',
    },
    {
      what: 'a folder',
      facts: file(0o700, UID, { problem: 'folder' }),
      status: 'failed',
      words: 'is a folder',
    },
    {
      what: 'a file on a broken disk',
      facts: file(0o600, UID, { problem: 'EIO' }),
      status: 'failed',
      words: '(EIO)',
    },
    {
      what: 'an empty file',
      facts: file(0o600, UID, { bytes: Buffer.alloc(0) }),
      status: 'failed',
      words: 'is empty',
    },
  ]) {
    it(`calls ${what} ${status}`, () => {
      const finding = judgeFile(facts, role, uid)
      expect(finding.status, finding.message).to.equal(status)
      expect(finding.message).to.contain(words)
      if (finding.status !== 'ok') expect(finding.hint).to.match(/^\S.*[^.\s]$/)
    })
  }

  it('says nothing of owners and modes where there are none', () => {
    expect(judgeFile(file(0o666, 5), KEY, undefined).status).to.equal('ok')
  })

  it('fails with the code of what the file was given as', () => {
    const finding = judgeFile(file(0, 0, { problem: 'ENOENT' }), CERTIFICATE, UID)
    expect(finding).to.have.nested.property('error.code', CERTIFICATE.code)
  })
})
