import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSharedConfigFiles } from '@smithy/shared-ini-file-loader'
import { expect } from 'chai'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import type { Emulator } from '../../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../../support/aws.js'
import { CERTS } from '../../support/certs.js'
import { eventually } from '../../support/eventually.js'
import { recordedIo } from '../../support/io.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { itSays } from '../../support/transcript.js'

describe('update', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(() => aws.setFaults([]))

  const at = (...names: string[]): string => join(folder.path, ...names)
  const once = (...more: string[]): string[] => [
    ...['update', '--once', ...IDENTITY_FLAGS, ...targetFlags(aws.url)],
    ...['--log-format', 'text', ...more],
  ]

  describe('says', () => {
    beforeEach(async () => {
      await mkdir(at('folder'))
      await writeFile(at('utf16'), Buffer.from('[default]\n', 'utf16le'))
      await writeFile(at('large'), Buffer.alloc(1024 * 1024 + 1, '\n'))
      await writeFile(at('twice'), '[default]\n[ default ]\n')
      await chmod(at('twice'), 0o644)
      await symlink('circle', at('circle'))
    })
    const file = (name: string) => (): string[] => once('--credentials-file', at(name))
    itSays(
      'update',
      [
        { what: 'help', args: ['update', '--help'] },
        { what: 'a new file', args: file('new') },
        { what: 'a file that needs a look', args: file('twice') },
        {
          what: 'a profile that is none',
          args: ['update', '--profile', '[default]'],
        },
        {
          what: 'a profile that is not what it looks like',
          args: ['update', '--profile', 'DEFAULT'],
        },
        { what: 'a typing mistake', args: ['update', '--profil', 'app'] },
        { what: 'an argument too many', args: ['update', 'app'] },
        { what: 'a missing setting', args: ['update', '--once'] },
        { what: 'a flag for key stores', args: ['update', '--cert-selector', 'Key=x509Subject'] },
        { what: 'a folder for a file', args: file('folder') },
        { what: 'text that nobody reads', args: file('utf16') },
        { what: 'a file that is too large', args: file('large') },
        { what: 'links that lead nowhere', args: file('circle') },
        { what: 'a file for a folder', args: file('twice/credentials') },
        {
          what: 'a refusal',
          args: () =>
            file('new')().map((word) => (word === ARNS.role ? `${ARNS.role}-of-others` : word)),
        },
        {
          what: 'an endpoint that is not there',
          args: () => file('new')().map((word) => (word === aws.url ? 'http://127.0.0.1:1' : word)),
          env: { AWS_MAX_ATTEMPTS: '1' },
        },
      ],
      {
        replace: () => [
          [folder.path, 'FOLDER'],
          [CERTS, 'CERTS/'],
          [aws.url, 'ENDPOINT'],
          [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
          [/ASIA[A-Z0-9]+/g, 'ASIA…'],
        ],
      },
    )
  })

  async function update(args: readonly string[], env: Readonly<Record<string, string>>) {
    const io = recordedIo({ env })
    const status = await main(COMMANDS, args, io)
    return { status, ...io.written }
  }

  async function expectProfile(path: string, profile = 'default'): Promise<void> {
    const { credentialsFile } = await loadSharedConfigFiles({ filepath: path, ignoreCache: true })
    const { aws_access_key_id } = credentialsFile[profile] ?? {}
    expect(aws_access_key_id).to.equal(aws.sessions.at(-1)?.accessKeyId)
  }

  it('writes where --credentials-file says, else AWS_SHARED_CREDENTIALS_FILE, else below the home', async () => {
    const env = { HOME: at('home'), AWS_SHARED_CREDENTIALS_FILE: '~/from-environment' }
    expect((await update(once('--credentials-file', at('named')), env)).status).to.equal(0)
    expect((await update(once(), env)).status).to.equal(0)
    expect((await update(once('--profile', 'app'), { HOME: at('home') })).status).to.equal(0)
    await expectProfile(at('home', '.aws', 'credentials'), 'app')
    expect((await stat(at('home', '.aws'))).mode & 0o777).to.equal(0o700)
    expect(await readdir(at('home'))).to.have.members(['.aws', 'from-environment'])
    expect(await readdir(at('home', '.aws'))).to.deep.equal(['credentials'])
  })

  it('leaves the file as it is when it fails', async () => {
    await writeFile(at('credentials'), '[default]\naws_access_key_id = OLD\n')
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
    const args = once('--credentials-file', at('credentials'))
    const { status } = await update(args, { AWS_MAX_ATTEMPTS: '1' })
    expect(status).to.equal(6)
    expect(await readFile(at('credentials'), 'utf8')).to.equal(
      '[default]\naws_access_key_id = OLD\n',
    )
  })

  it('goes on until it is asked to end, and ends well', async () => {
    const io = recordedIo()
    const path = at('credentials')
    const args = once('--credentials-file', path).filter((word) => word !== '--once')
    const running = main(COMMANDS, args, io)
    await eventually(() => (io.written.stderr.includes('session refreshed') ? true : undefined))
    await expectProfile(path)
    io.end()
    expect(await running).to.equal(0)
    expect(await readdir(folder.path)).to.deep.equal(['credentials'])
    expect(io.written.stdout).to.equal('')
  })
})
