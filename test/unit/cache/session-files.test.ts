import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { entryText, parseEntry } from '../../../src/cache/session-entry.js'
import {
  clearSessions,
  listSessions,
  readSession,
  readSessionOf,
  sessionPath,
  sweepSessions,
  writeSession,
} from '../../../src/cache/session-files.js'
import { identityName } from '../../../src/cache/session-identity.js'
import { ARNS } from '../../support/aws.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { entry, IDENTITY, minutesLater } from './entries.js'

const NAME = identityName(IDENTITY)

describe('files of the session cache', () => {
  const folder = temporaryFolder()
  const path = (): string => sessionPath(folder.path, NAME)
  const write = (text: string | Buffer, mode = 0o600): void => {
    writeFileSync(path(), text)
    chmodSync(path(), mode)
  }

  it('give back what was written, to its owner alone', () => {
    const mask = process.umask(0)
    try {
      writeSession(path(), entry({ retryAt: minutesLater(45), failures: 2 }), () => 0.5)
    } finally {
      process.umask(mask)
    }
    expect(statSync(path()).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder.path)).to.deep.equal([`${NAME}.json`])
    const found = readSessionOf(path(), IDENTITY)
    expect(found).to.deep.include({ retryAt: minutesLater(45), failures: 2, serial: '1003' })
    expect(found?.credentials.secretAccessKey.reveal()).to.equal('canary-secret-access-key')
    expect(found?.credentials.sessionToken.reveal()).to.equal('canary-session-token')
    expect(found?.credentials.expiration).to.deep.equal(minutesLater(60))
  })

  it('give nothing to another identity under the same name', () => {
    writeSession(path(), entry(), () => 0.5)
    expect(readSessionOf(path(), { ...IDENTITY, roleArn: ARNS.reports })).to.equal(undefined)
  })

  it('replace whatever is in the way', () => {
    symlinkSync(join(folder.path, 'elsewhere'), path())
    writeSession(path(), entry(), () => 0.5)
    expect(existsSync(join(folder.path, 'elsewhere'))).to.equal(false)
    expect(readSession(path())).to.not.equal(undefined)
  })

  it('leave nothing behind when they cannot be written', () => {
    mkdirSync(join(path(), 'full'), { recursive: true })
    expect(() => writeSession(path(), entry(), () => 0.5)).to.throw()
    expect(readdirSync(folder.path)).to.deep.equal([`${NAME}.json`])
  })

  const IGNORED: Readonly<Record<string, () => void>> = {
    'none at all': () => {},
    'an empty one': () => write(''),
    'one cut short': () => write(entryText(entry()).slice(0, -40)),
    'one that is no JSON': () => write('\u0000'.repeat(2_000)),
    'one of another format': () => write(entryText(entry()).replace('"format":1', '"format":2')),
    'one without an identity': () => write(entryText(entry()).replace('roleArn', 'role')),
    'one without a token': () => write(entryText(entry()).replace('sessionToken', 'token')),
    'one with a line feed in its key': () => write(entryText(entry()).replace('ASIA', 'A\\nB')),
    'one that is too large': () => write(entryText(entry()) + ' '.repeat(64 * 1024)),
    'one that others can read': () => write(entryText(entry()), 0o640),
    'one that is a folder': () => mkdirSync(path()),
    'a link to a good one': () => {
      writeFileSync(join(folder.path, 'good'), entryText(entry()), { mode: 0o600 })
      symlinkSync(join(folder.path, 'good'), path())
    },
  }
  for (const [what, prepare] of Object.entries(IGNORED)) {
    it(`are ignored: ${what}`, () => {
      prepare()
      expect(readSession(path())).to.equal(undefined)
      expect(listSessions(folder.path)).to.deep.equal([])
    })
  }

  it('are ignored: a pipe, without waiting for its other end', function () {
    if (process.platform === 'win32') this.skip()
    execFileSync('mkfifo', ['-m', '600', path()])
    expect(readSession(path())).to.equal(undefined)
  })

  it('are ignored: one of another user', function () {
    if (process.getuid?.() !== 0) this.skip()
    writeSession(path(), entry(), () => 0.5)
    chownSync(path(), 54_321, 54_321)
    expect(readSession(path())).to.equal(undefined)
  })

  it('never bring down who reads them, whatever they hold', () => {
    const good = entryText(entry())
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(40), fc.string(), (at, length, text) => {
        parseEntry(good.slice(0, at) + text + good.slice(at + length))
      }),
    )
    fc.assert(fc.property(fc.json(), (text) => parseEntry(text) === undefined))
  })

  it('are swept: what killed processes have left, and what has ended long ago', () => {
    const now = new Date()
    const age = (name: string, minutes: number): void => {
      writeFileSync(join(folder.path, name), '')
      utimesSync(join(folder.path, name), now, minutesLater(-minutes, now))
    }
    age(`${NAME}.17-abc.tmp`, 11)
    age(`${NAME}.18-abc.tmp`, 9)
    age(`${NAME}.lock`, 11)
    age(`${NAME}.json`, 12 * 60 + 1)
    age('0123456789abcdef.json', 11 * 60)
    age('0123456789abcdef.lock', 9)
    age('not-ours.json', 10_000)
    sweepSessions(folder.path, now)
    expect(readdirSync(folder.path).sort()).to.deep.equal(
      [
        '0123456789abcdef.json',
        '0123456789abcdef.lock',
        `${NAME}.18-abc.tmp`,
        'not-ours.json',
      ].sort(),
    )
  })

  it('are cleared, and nothing else is', () => {
    writeSession(path(), entry(), () => 0.5)
    writeFileSync(join(folder.path, `${NAME}.17-abc.tmp`), '')
    writeFileSync(join(folder.path, 'not-ours.json'), 'mine')
    expect(clearSessions(folder.path)).to.equal(1)
    expect(readdirSync(folder.path)).to.deep.equal(['not-ours.json'])
    expect(readFileSync(join(folder.path, 'not-ours.json'), 'utf8')).to.equal('mine')
  })
})
