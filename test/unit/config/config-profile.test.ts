import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfigProfile } from '../../../src/config/config-profile.js'
import { type Setting, SETTINGS } from '../../../src/config/settings.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const CONFIG = `# a comment
[default]
region = eu-west-1
rolesanywhere_region = eu-west-1

[profile app]
rolesanywhere_certificate = /etc/app/tls.crt ; beside
s3 =
  max_concurrent_requests = 20
rolesanywhere_role_arn=arn:aws:iam::123456789012:role/app
`

describe('loadConfigProfile', () => {
  const folder = temporaryFolder()
  let env: Record<string, string>

  beforeEach(async () => {
    const path = join(folder.path, 'config')
    await writeFile(path, CONFIG)
    env = { AWS_CONFIG_FILE: path, HOME: folder.path }
  })

  it('reads the profile that the flag names', async () => {
    const profile = await loadConfigProfile('app', { ...env, AWS_PROFILE: 'default' })
    expect(profile.name).to.equal('app')
    expect(profile.values).to.include({
      rolesanywhere_certificate: '/etc/app/tls.crt',
      rolesanywhere_role_arn: 'arn:aws:iam::123456789012:role/app',
    })
  })

  for (const { profileKey } of Object.values<Setting<unknown>>(SETTINGS)) {
    if (profileKey === undefined) continue
    it(`finds ${profileKey} in a file that has nothing else of ours`, async () => {
      await writeFile(env['AWS_CONFIG_FILE']!, `[default]\n${profileKey} = x\n`)
      expect((await loadConfigProfile(undefined, env)).values).to.deep.equal({ [profileKey]: 'x' })
    })
  }

  it('does not look into a file that has nothing of ours', async () => {
    await writeFile(env['AWS_CONFIG_FILE']!, '[default]\nregion = eu-west-1\n')
    expect((await loadConfigProfile(undefined, env)).values).to.deep.equal({})
    expect((await loadConfigProfile('default', env)).values).to.have.property('region')
  })

  it('refuses a file that is no text, such as one in UTF-16', async () => {
    await writeFile(env['AWS_CONFIG_FILE']!, Buffer.from(CONFIG, 'utf16le'))
    await rejectsWithCode(loadConfigProfile(undefined, env), 'ERR_RA_CONFIG_FILE_INVALID')
  })

  it('takes an empty flag for none', async () => {
    expect((await loadConfigProfile('', { ...env, AWS_PROFILE: 'app' })).name).to.equal('app')
    expect((await loadConfigProfile('', {})).name).to.equal('default')
  })

  it('reads AWS_PROFILE, else default', async () => {
    expect((await loadConfigProfile(undefined, { ...env, AWS_PROFILE: 'app' })).name).to.equal(
      'app',
    )
    const fallback = await loadConfigProfile(undefined, env)
    expect(fallback.values['rolesanywhere_region']).to.equal('eu-west-1')
  })

  it('finds the file under HOME', async () => {
    await mkdir(join(folder.path, '.aws'))
    await writeFile(join(folder.path, '.aws', 'config'), '[default]\nrolesanywhere_region = home\n')
    const profile = await loadConfigProfile(undefined, { HOME: folder.path })
    expect(profile.values['rolesanywhere_region']).to.equal('home')
  })

  it('sees a file that changed since the last look', async () => {
    await loadConfigProfile(undefined, env)
    await writeFile(env['AWS_CONFIG_FILE']!, '[default]\nrolesanywhere_region = changed\n')
    const profile = await loadConfigProfile(undefined, env)
    expect(profile.values['rolesanywhere_region']).to.equal('changed')
  })

  it('does not mind an AWS_PROFILE, or a file, that is not there', async () => {
    expect(
      (await loadConfigProfile(undefined, { ...env, AWS_PROFILE: 'gone' })).values,
    ).to.deep.equal({})
    const absent = { AWS_CONFIG_FILE: join(folder.path, 'absent') }
    expect((await loadConfigProfile(undefined, absent)).values).to.deep.equal({})
  })

  it('refuses a profile that was named by flag and is not there', async () => {
    const error = await rejectsWithCode(
      loadConfigProfile('gone', env),
      'ERR_RA_CONFIG_PROFILE_MISSING',
    )
    expect(error.hint).to.contain('[profile gone]')
  })

  it('refuses a file that cannot be read instead of taking it for an empty one', async () => {
    await rejectsWithCode(
      loadConfigProfile(undefined, { AWS_CONFIG_FILE: folder.path }),
      'ERR_RA_CONFIG_FILE_INVALID',
    )
    await rejectsWithCode(
      loadConfigProfile(undefined, { AWS_CONFIG_FILE: '/dev/zero' }),
      'ERR_RA_CONFIG_FILE_INVALID',
    )
    await writeFile(env['AWS_CONFIG_FILE']!, '#'.repeat(1024 * 1024 + 1))
    await rejectsWithCode(loadConfigProfile(undefined, env), 'ERR_RA_CONFIG_FILE_INVALID')
  })
})
