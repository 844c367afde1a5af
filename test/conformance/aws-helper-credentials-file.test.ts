import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { editProfile } from '../../src/credentials-file/edit-profile.js'
import { readWithBotocore } from '../support/botocore.js'
import { anyFile, VALUES } from '../support/credentials-files.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const FILES = 200

describe('a credentials file that was edited', () => {
  const folder = temporaryFolder()

  it('is read back by botocore, which reads everything else in it as before', async function () {
    const files = fc.sample(anyFile, FILES)
    const paths: string[] = []
    for (const [index, before] of files.entries()) {
      const after = editProfile(before, 'app', VALUES).bytes
      for (const [name, bytes] of Object.entries({ before, after })) {
        const path = join(folder.path, `${index}-${name}`)
        await writeFile(path, bytes)
        paths.push(path)
      }
    }
    const views = readWithBotocore(paths)
    if (!views) {
      console.log('      botocore is not installed')
      this.skip()
    }
    let readable = 0
    for (const [index, file] of files.entries()) {
      const [before, after] = views.slice(2 * index)
      if (typeof before !== 'object') continue
      readable++
      const { app: own = {}, ...others } = before
      const said = JSON.stringify(file.toString())
      expect(after, said).to.be.an('object')
      const { app: ownAfter, ...othersAfter } = after as typeof before
      expect(othersAfter, said).to.deep.equal(others)
      expect(ownAfter, said).to.include(VALUES)
      // A key below one of ours was a part of its value, for botocore.
      for (const [key, value] of Object.entries(own)) {
        if (!(key in VALUES)) expect(ownAfter, said).to.have.deep.property(key, value)
      }
    }
    expect(readable).to.be.above(FILES / 4)
  })
})
