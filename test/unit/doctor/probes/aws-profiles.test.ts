import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { awsProfiles } from '../../../../src/doctor/probes/aws-profiles.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

describe('awsProfiles', () => {
  const folder = temporaryFolder()

  it('reads both files of the home folder', async () => {
    await mkdir(join(folder.path, '.aws'))
    await writeFile(join(folder.path, '.aws/config'), '[profile app]\ncredential_process = x\n')
    await writeFile(join(folder.path, '.aws/credentials'), '[app]\naws_access_key_id = y\n')
    const { config, credentials } = await awsProfiles({ HOME: folder.path })
    expect(config.sections).to.deep.equal({ app: { credential_process: 'x' } })
    expect(credentials.sections).to.deep.equal({ app: { aws_access_key_id: 'y' } })
    expect(credentials.modifiedAt).to.be.an.instanceOf(Date)
  })

  it('takes files that are not there for empty ones', async () => {
    const { config, credentials } = await awsProfiles({ HOME: folder.path })
    expect([config.sections, credentials.sections]).to.deep.equal([{}, {}])
    expect(config.modifiedAt).to.equal(undefined)
  })

  it('says which file cannot be read', async () => {
    const env = { HOME: folder.path, AWS_SHARED_CREDENTIALS_FILE: folder.path }
    const error = await rejectsWithCode(awsProfiles(env), 'ERR_RA_CONFIG_FILE_INVALID')
    expect(error.message).to.contain(folder.path).and.contain('(folder)')
  })
})
