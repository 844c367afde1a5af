import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeFolders } from '../../../src/files/make-folders.js'
import { placeOf } from '../../../src/files/replace-file.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const codeOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
  return 'no error'
}

describe('makeFolders', () => {
  const folder = temporaryFolder()

  it('makes the folder and those above it, for the owner only', () => {
    const path = join(folder.path, 'a', 'b', 'c')
    expect(makeFolders(path)).to.equal(join(folder.path, 'a'))
    for (const made of ['a', 'a/b', 'a/b/c']) {
      expect(statSync(join(folder.path, made)).mode & 0o777).to.equal(0o700)
    }
    expect(makeFolders(path)).to.equal(undefined)
  })

  it('takes a link to a folder for one', () => {
    symlinkSync(folder.path, join(folder.path, 'link'))
    expect(makeFolders(join(folder.path, 'link'))).to.equal(undefined)
    expect(makeFolders(join(folder.path, 'link', 'd'))).to.equal(join(folder.path, 'link', 'd'))
  })

  it('fails where a file or a link that leads nowhere is in the way', () => {
    writeFileSync(join(folder.path, 'file'), '')
    symlinkSync(join(folder.path, 'gone'), join(folder.path, 'dangling'))
    expect(codeOf(() => makeFolders(join(folder.path, 'file')))).to.equal('EEXIST')
    expect(codeOf(() => makeFolders(join(folder.path, 'file', 'x')))).to.equal('ENOTDIR')
    expect(codeOf(() => makeFolders(join(folder.path, 'dangling', 'x', 'y')))).to.equal('EEXIST')
    expect(existsSync(join(folder.path, 'gone'))).to.equal(false)
  })

  it('comes to an end below /proc', async function () {
    if (!existsSync('/proc/self')) return this.skip()
    expect(codeOf(() => makeFolders('/proc/rolesanywhere/x/y'))).to.equal('ENOENT')
    await rejectsWithCode(placeOf('/proc/rolesanywhere/x/credentials'), 'ERR_RA_FILE_UNWRITABLE')
  })
})
