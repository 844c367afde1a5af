import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Command, Io } from '../../../src/cli/command.js'
import {
  pkiCrlCommand,
  pkiInitCommand,
  pkiIntermediateCommand,
  pkiIssueCommand,
  pkiRevokeCommand,
} from '../../../src/cli/pki.js'
import { runCommand } from '../../../src/cli/run-command.js'
import type { ErrorCode } from '../../../src/errors.js'
import { systemClock } from '../../../src/system-clock.js'
import { ManualClock } from '../../support/manual-clock.js'
import { recordedIo, type RecordedIo } from '../../support/io.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { HAS_OPENSSL, openssl } from '../pki/openssl.js'

type Written = RecordedIo['written']

const COMMANDS: Readonly<Record<string, Command>> = {
  init: pkiInitCommand,
  intermediate: pkiIntermediateCommand,
  issue: pkiIssueCommand,
  revoke: pkiRevokeCommand,
  crl: pkiCrlCommand,
}

describe('rolesanywhere pki', () => {
  const folder = temporaryFolder()
  let clock: ManualClock
  beforeEach(() => {
    clock = new ManualClock('2026-01-01T00:00:00Z')
  })

  const at = (...names: string[]): string => join(folder.path, 'pki', ...names)

  const pki = (...args: string[]): Promise<Written> => pkiWith({ clock }, ...args)

  async function pkiWith(world: Partial<Io>, ...args: string[]): Promise<Written> {
    const [name = '', ...rest] = args
    const io = recordedIo(world)
    await runCommand(COMMANDS[name]!, [...rest, '--directory', at()], io)
    return io.written
  }

  const certificate = async (...names: string[]): Promise<X509Certificate> =>
    new X509Certificate(await readFile(at(...names)))

  async function everyFile(): Promise<Record<string, string>> {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
    const texts = await Promise.all(paths.map((path) => readFile(path, 'base64')))
    return Object.fromEntries(paths.map((path, index) => [path, texts[index]!]))
  }

  /** The command fails with that code, and every file is as it was. */
  async function refuses(args: string[], code: ErrorCode): Promise<void> {
    const before = await everyFile()
    const error = await rejectsWithCode(pki(...args), code)
    expect(error.hint, 'hint').to.be.a('string')
    expect(await everyFile()).to.deep.equal(before)
  }

  it('goes on from where it was before a run that was killed', async () => {
    await pki('init')
    const before = await everyFile()
    // As `init --force` leaves it when it ends with the index displaced and the new one not in place.
    const run = '0123456789abcdef'
    await rename(at('index.json'), at(`.index.json.${run}.old`))
    await writeFile(at(`.index.json.${run}.tmp`), 'new')
    await rejectsWithCode(pki('init'), 'ERR_RA_FILE_EXISTS')
    expect(await everyFile()).to.deep.equal(before)
  })

  it('prints the files that it wrote, and tells people what to do next', async () => {
    const { stdout, stderr } = await pki('init')
    expect(stdout).to.equal(`${at('ca.pem')}\n${at('ca.key')}\n${at('index.json')}\n`)
    expect(stderr)
      .to.match(/create-trust-anchor/)
      .and.to.include(at('ca.pem'))
  })

  it('keeps keys and folders from everybody else', async () => {
    await writeFile(join(folder.path, 'passphrase'), 'secret\n')
    await pki('init')
    await pki('intermediate', 'lower')
    const passphrase = ['--pkcs12', '--passphrase-file', join(folder.path, 'passphrase')]
    await pki('issue', 'app', '--issuer', 'lower', ...passphrase)
    const modes = async (names: string[]): Promise<string[]> =>
      Promise.all(names.map(async (name) => ((await stat(at(name))).mode & 0o777).toString(8)))
    const secret = ['ca.key', 'intermediates/lower.key', 'issued/app.key', 'issued/app.p12']
    expect(await modes(secret)).to.deep.equal(['600', '600', '600', '600'])
    expect(await modes(['.', 'issued', 'intermediates'])).to.deep.equal(['700', '700', '700'])
  })

  it('issues a certificate below two intermediates, with the whole chain in one file', async () => {
    await pki('init', '--common-name', 'Example CA')
    await pki('intermediate', 'upper')
    await pki('intermediate', 'lower', '--issuer', 'upper')
    await pki('issue', 'app', '--issuer', 'lower', '--subject', 'CN=app,O=Example', '--dns', 'a.b')
    const chain = (await readFile(at('issued/app.chain.pem'), 'utf8')).match(
      /-+BEGIN[^]+?END.*\n/g,
    )!
    const links = chain.map((pem) => new X509Certificate(pem))
    expect(links.map(({ subject }) => subject)).to.deep.equal([
      'O=Example\nCN=app',
      'CN=lower',
      'CN=upper',
    ])
    const root = await certificate('ca.pem')
    expect(root.subject).to.equal('CN=Example CA')
    const issuers = [...links.slice(1), root]
    links.forEach((link, index) => {
      expect(link.verify(issuers[index]!.publicKey)).to.equal(true)
    })
  })

  it('names a certificate after its file when no subject is given', async () => {
    await pki('init')
    await pki('issue', 'app.example.com')
    expect((await certificate('issued/app.example.com.pem')).subject).to.equal('CN=app.example.com')
  })

  it('counts the validity from the given clock', async () => {
    await pki('init', '--days', '10')
    await pki('issue', 'app', '--hours', '2')
    expect((await certificate('ca.pem')).validTo).to.equal('Jan 11 00:00:00 2026 GMT')
    expect((await certificate('issued/app.pem')).validTo).to.equal('Jan  1 02:00:00 2026 GMT')
  })

  it('cuts the validity at the end of the issuer, and says so', async () => {
    await pki('init', '--days', '10')
    const { stderr } = await pki('issue', 'app')
    expect((await certificate('issued/app.pem')).validTo).to.equal('Jan 11 00:00:00 2026 GMT')
    expect(stderr).to.match(/valid until Jan 11/)
  })

  it('prints the certificate and the chain instead of paths when asked, and never the key', async () => {
    await pki('init')
    await pki('intermediate', 'lower')
    const { stdout, stderr } = await pki('issue', 'app', '--issuer', 'lower', '--print')
    expect(stdout).to.equal(await readFile(at('issued/app.chain.pem'), 'utf8'))
    expect(stderr)
      .to.include(at('issued/app.key'))
      .and.not.to.match(/PRIVATE KEY/)
  })

  it('replaces files with --force, and does not leave an old .p12 beside a new key', async () => {
    const passphrase = join(folder.path, 'passphrase')
    await writeFile(passphrase, 'secret\n')
    await pki('init')
    await pki('issue', 'app', '--pkcs12', '--passphrase-file', passphrase)
    await pki('issue', 'app', '--force')
    expect(await readdir(at('issued'))).to.have.members(['app.pem', 'app.key', 'app.chain.pem'])
    const index = JSON.parse(await readFile(at('index.json'), 'utf8'))
    expect(index.certificates).to.have.length(2)
  })

  it('starts over with init --force, and then refuses the intermediates of the old root', async () => {
    await pki('init')
    await pki('intermediate', 'lower')
    await pki('crl')
    await pki('init', '--force')
    expect(await readdir(at())).to.not.include('crl.pem')
    await refuses(['issue', 'app', '--issuer', 'lower'], 'ERR_RA_ARGUMENT_INVALID')
  })

  it('keeps all certificates when several are issued at once', async () => {
    await pki('init')
    // The clock on the wall, since those who wait for their turn sleep.
    const now = { clock: { ...systemClock, now: () => clock.now() } }
    await Promise.all(['one', 'two', 'three'].map((name) => pkiWith(now, 'issue', name)))
    const index = JSON.parse(await readFile(at('index.json'), 'utf8'))
    const names = index.certificates.map(({ name }: { name: string }) => name)
    expect(names).to.have.members(['one', 'two', 'three'])
  })

  it('gives up on a CA that stays locked', async () => {
    await pki('init')
    await writeFile(at('.lock'), '')
    const refused = refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
    for (let tries = 0; tries < 400; tries++) {
      await clock.advance(100)
      // Opening a file takes a turn of the real event loop or more.
      await stat(at('.lock'))
    }
    await refused
  })

  describe('with revocations', () => {
    beforeEach(async () => {
      await pki('init')
      await pki('intermediate', 'lower')
      await pki('issue', 'app', '--issuer', 'lower')
      await pki('issue', 'other')
    })

    it('writes the list of each CA that revoked something, with a growing number', async function () {
      if (!HAS_OPENSSL) {
        console.warn('    skipped: the openssl command is not on this machine')
        this.skip()
      }
      const { serialNumber } = await certificate('issued/app.pem')
      await pki('revoke', 'app')
      await pki('crl')
      const { stdout } = await pki('crl', '--days', '2')
      expect(stdout.split('\n')).to.include.members([
        at('crl.pem'),
        at('intermediates/lower.crl.pem'),
      ])
      const issuer = ['-CAfile', at('intermediates/lower.pem')]
      const list = openssl(
        'crl',
        '-in',
        at('intermediates/lower.crl.pem'),
        ...issuer,
        '-text',
        '-noout',
      )
      expect(list).to.include('verify OK').and.to.include(`Serial Number: ${serialNumber}`)
      expect(list).to.match(/CRL Number:\s+2/)
      expect(list).to.match(/Next Update: Jan {2}3 00:00:00 2026/)
      const root = openssl('crl', '-in', at('crl.pem'), '-CAfile', at('ca.pem'), '-text', '-noout')
      expect(root).to.include('verify OK').and.to.include('No Revoked Certificates')
    })

    it('writes only the list of the root when nothing is revoked', async () => {
      const { stdout } = await pki('crl')
      expect(stdout).to.equal(`${at('crl.pem')}\n${at('index.json')}\n`)
    })

    it('revokes by serial number as openssl prints it, and only once', async () => {
      const { serialNumber } = await certificate('issued/other.pem')
      const printed = serialNumber.replace(/(..)(?=.)/g, '$1:')
      const first = await pki('revoke', printed)
      expect(first.stdout).to.equal(`${at('index.json')}\n`)
      const second = await pki('revoke', 'other')
      expect(second.stdout).to.equal('')
      expect(second.stderr).to.match(/revoked already/)
    })

    it('does not issue from a revoked intermediate, nor from one below it', async () => {
      await pki('intermediate', 'lowest', '--issuer', 'lower')
      await pki('revoke', 'lower')
      await refuses(['issue', 'new', '--issuer', 'lower'], 'ERR_RA_PKI_INVALID')
      await refuses(['issue', 'new', '--issuer', 'lowest'], 'ERR_RA_PKI_INVALID')
    })

    it('asks for the serial number when a name has two meanings', async () => {
      await pki('issue', 'lower')
      await refuses(['revoke', 'lower'], 'ERR_RA_ARGUMENT_INVALID')
    })
  })

  describe('refuses, and changes nothing', () => {
    for (const [why, args, code] of [
      ['a second root', ['init'], 'ERR_RA_FILE_EXISTS'],
      ['a name that exists', ['issue', 'app'], 'ERR_RA_FILE_EXISTS'],
      ['an intermediate that exists', ['intermediate', 'lower'], 'ERR_RA_FILE_EXISTS'],
      ['a name with a slash', ['issue', '../app2'], 'ERR_RA_ARGUMENT_INVALID'],
      ['a name that begins with a dot', ['issue', '.app'], 'ERR_RA_ARGUMENT_INVALID'],
      [
        'a name that would be the chain of another',
        ['issue', 'app.chain'],
        'ERR_RA_ARGUMENT_INVALID',
      ],
      ['a name that Windows takes for a device', ['issue', 'nul.pem'], 'ERR_RA_ARGUMENT_INVALID'],
      [
        'an intermediate with the name of the root',
        ['intermediate', 'ca'],
        'ERR_RA_ARGUMENT_INVALID',
      ],
      ['a missing name', ['issue'], 'ERR_RA_ARGUMENT_INVALID'],
      ['a subject that is none', ['issue', 'new', '--subject', 'new'], 'ERR_RA_ARGUMENT_INVALID'],
      ['an unknown issuer', ['issue', 'new', '--issuer', 'none'], 'ERR_RA_ARGUMENT_INVALID'],
      [
        'an issuer outside the folder',
        ['issue', 'new', '--issuer', '../x'],
        'ERR_RA_ARGUMENT_INVALID',
      ],
      ['a bad DNS name', ['issue', 'new', '--dns', 'a b'], 'ERR_RA_FLAG_INVALID'],
      ['a bad address', ['issue', 'new', '--ip', '1.2.3'], 'ERR_RA_FLAG_INVALID'],
      ['an unknown key type', ['issue', 'new', '--key-type', 'dsa'], 'ERR_RA_FLAG_INVALID'],
      ['no days', ['issue', 'new', '--days', '0'], 'ERR_RA_FLAG_INVALID'],
      ['too many days', ['issue', 'new', '--days', '40000'], 'ERR_RA_FLAG_INVALID'],
      ['hours in words', ['issue', 'new', '--hours', 'two'], 'ERR_RA_FLAG_INVALID'],
      ['days and hours', ['issue', 'new', '--days', '1', '--hours', '1'], 'ERR_RA_FLAG_CONFLICT'],
      ['PKCS#12 without a passphrase', ['issue', 'new', '--pkcs12'], 'ERR_RA_FLAG_CONFLICT'],
      ['an unknown certificate to revoke', ['revoke', 'none'], 'ERR_RA_ARGUMENT_INVALID'],
    ] as const) {
      it(why, async () => {
        await pki('init')
        await pki('intermediate', 'lower')
        await pki('issue', 'app')
        await refuses([...args], code)
      })
    }

    for (const [why, content] of [
      ['a missing passphrase file', undefined],
      ['an empty passphrase file', '\n'],
    ] as const) {
      it(why, async () => {
        await pki('init')
        const path = join(folder.path, 'passphrase')
        if (content !== undefined) await writeFile(path, content)
        const args = ['issue', 'app', '--pkcs12', '--passphrase-file', path]
        await refuses(args, 'ERR_RA_FILE_UNREADABLE')
      })
    }

    for (const [why, file, content] of [
      ['an index that is not JSON', 'index.json', '{'],
      ['an index of another version', 'index.json', '{"version":2,"certificates":[]}'],
      ['an index with a bad entry', 'index.json', '{"version":1,"certificates":[{"name":"a"}]}'],
      ['a damaged root', 'ca.pem', 'noise'],
      ['a damaged key', 'ca.key', 'noise'],
    ] as const) {
      it(why, async () => {
        await pki('init')
        await writeFile(at(file), content)
        await refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
      })
    }

    it('a key that does not belong to the root', async () => {
      await pki('init')
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      await writeFile(at('ca.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
    })

    it('a root without its key', async () => {
      await pki('init')
      await rm(at('ca.key'))
      await refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
    })

    it('an issuer that has expired', async () => {
      await pki('init', '--days', '1')
      await clock.advance(24 * 3_600_000)
      await refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
    })

    it('a folder without a CA', async () => {
      await refuses(['issue', 'app'], 'ERR_RA_PKI_INVALID')
    })

    it('a place where no folder can be', async () => {
      await writeFile(at(), 'a file')
      await refuses(['init'], 'ERR_RA_FILE_UNWRITABLE')
    })
  })

  it('removes the folder again when init fails', async () => {
    await rejectsWithCode(pki('init', '--common-name', 'a'.repeat(65)), 'ERR_RA_ARGUMENT_INVALID')
    expect(await readdir(folder.path)).to.deep.equal([])
  })
})
