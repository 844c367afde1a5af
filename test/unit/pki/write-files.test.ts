import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { writeFiles } from '../../../src/pki/write-files.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

describe('writeFiles', () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder.path, name)
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
  const text = (name: string): Promise<string> => readFile(at(name), 'utf8')

  it('makes files and folders, and leaves nothing else behind', async () => {
    await writeFiles(
      [
        { path: at('a/b/one.pem'), content: 'one', replace: false },
        { path: at('a/two.key'), content: 'two', secret: true, replace: false },
      ],
      'x',
    )
    expect(await text('a/b/one.pem')).to.equal('one')
    expect(await readdir(at('a'))).to.have.members(['b', 'two.key'])
    expect(await readdir(at('a/b'))).to.deep.equal(['one.pem'])
    expect(await modeOf(at('a'))).to.equal(0o700)
    expect(await modeOf(at('a/two.key'))).to.equal(0o600)
  })

  it('comes to an end below /proc, where no folder can be made', async function () {
    if (!existsSync('/proc/self')) return this.skip()
    const change = { path: '/proc/rolesanywhere/x/one.pem', content: 'one', replace: false }
    await rejectsWithCode(writeFiles([change], 'x'), 'ERR_RA_FILE_UNWRITABLE')
  })

  it('replaces and removes files when it may', async () => {
    await writeFile(at('one'), 'old')
    await writeFile(at('two'), 'old')
    await writeFiles(
      [
        { path: at('one'), content: 'new', replace: true },
        { path: at('two'), content: undefined, replace: true },
        { path: at('three'), content: undefined, replace: true },
      ],
      'x',
    )
    expect(await text('one')).to.equal('new')
    expect(await readdir(folder.path)).to.deep.equal(['one'])
  })

  it('does not keep the looser mode of a key file that it replaces', async () => {
    await writeFile(at('one.key'), 'old', { mode: 0o644 })
    await writeFiles([{ path: at('one.key'), content: 'new', secret: true, replace: true }], 'x')
    expect(await modeOf(at('one.key'))).to.equal(0o600)
  })

  it('touches nothing when a file is in the way', async () => {
    await writeFile(at('two'), 'old')
    const changes = ['one', 'two'].map((name) => ({
      path: at(name),
      content: 'new',
      replace: false,
    }))
    await rejectsWithCode(writeFiles(changes, 'x'), 'ERR_RA_FILE_EXISTS')
    expect(await readdir(folder.path)).to.deep.equal(['two'])
    expect(await text('two')).to.equal('old')
  })

  it('puts everything back when a later step fails', async () => {
    await writeFile(at('one'), 'old')
    // A folder that is not empty cannot make room for a file.
    await mkdir(at('.three.x.old'))
    await writeFile(at('.three.x.old/in-the-way'), '')
    await writeFile(at('three'), 'old')
    const changes = ['one', 'sub/two', 'three'].map((name) => ({
      path: at(name),
      content: 'new',
      replace: true,
    }))
    await rejectsWithCode(writeFiles(changes, 'x'), 'ERR_RA_FILE_UNWRITABLE')
    expect(await text('one')).to.equal('old')
    expect(await text('three')).to.equal('old')
    expect(await readdir(folder.path)).to.have.members(['one', 'three', '.three.x.old'])
  })

  it('refuses a place where no folder can be', async () => {
    await writeFile(at('file'), '')
    const changes = [{ path: at('file/below/one'), content: 'new', replace: false }]
    await rejectsWithCode(writeFiles(changes, 'x'), 'ERR_RA_FILE_UNWRITABLE')
    expect(await readdir(folder.path)).to.deep.equal(['file'])
  })
})
