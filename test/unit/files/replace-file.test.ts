import { spawnSync } from 'node:child_process'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { placeOf, replaceFile } from '../../../src/files/replace-file.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const NEW = Buffer.from('new')
const bits = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777

describe('files to be replaced', () => {
  const folder = temporaryFolder()
  const at = (...names: string[]): string => join(folder.path, ...names)

  describe('replaceFile', () => {
    it('makes a file that only its owner may read', async () => {
      await replaceFile(at('file'), NEW)
      expect(await bits(at('file'))).to.equal(0o600)
      expect(await readFile(at('file'), 'utf8')).to.equal('new')
      expect(await readdir(folder.path)).to.deep.equal(['file'])
    })

    it('makes a file with another mode when it is told to, whatever the umask', async () => {
      const before = process.umask(0o077)
      try {
        await replaceFile(at('file'), NEW, undefined, 0o644)
      } finally {
        process.umask(before)
      }
      expect(await bits(at('file'))).to.equal(0o644)
      await chmod(at('file'), 0o600)
      await replaceFile(at('file'), NEW, undefined, 0o644)
      expect(await bits(at('file'))).to.equal(0o600)
    })

    for (const mode of [0o400, 0o600, 0o640, 0o644]) {
      it(`keeps the mode 0${mode.toString(8)}`, async () => {
        await writeFile(at('file'), 'old')
        await chmod(at('file'), mode)
        await replaceFile(at('file'), NEW)
        expect(await bits(at('file'))).to.equal(mode)
        expect(await readFile(at('file'), 'utf8')).to.equal('new')
      })
    }

    it('keeps owner and group', async function () {
      if (process.getuid?.() !== 0) this.skip()
      await writeFile(at('file'), 'old')
      await chown(at('file'), 54_321, 54_322)
      await replaceFile(at('file'), NEW)
      expect(await stat(at('file'))).to.include({ uid: 54_321, gid: 54_322 })
    })

    it('removes what a killed process left beside the file, and nothing else', async () => {
      const others = ['.file.tmp', '.other.0123456789ab.tmp', 'file.0123456789ab.tmp']
      for (const name of ['.file.0123456789ab.tmp', ...others]) await writeFile(at(name), '')
      await replaceFile(at('file'), NEW)
      expect(await readdir(folder.path)).to.have.members(['file', ...others])
    })

    it('leaves the file as it is when it may not proceed', async () => {
      await writeFile(at('file'), 'old')
      const replacing = replaceFile(at('file'), NEW, async () => Promise.resolve(false))
      await rejectsWithCode(replacing, 'ERR_RA_FILE_UNWRITABLE')
      expect(await readFile(at('file'), 'utf8')).to.equal('old')
      expect(await readdir(folder.path)).to.deep.equal(['file'])
    })

    it('replaces nothing but files', async () => {
      await mkdir(at('folder'))
      await rejectsWithCode(replaceFile(at('folder'), NEW), 'ERR_RA_FILE_UNWRITABLE')
      spawnSync('mkfifo', [at('pipe')])
      await rejectsWithCode(replaceFile(at('pipe'), NEW), 'ERR_RA_FILE_UNWRITABLE')
      await rejectsWithCode(replaceFile(at('no', 'file'), NEW), 'ERR_RA_FILE_UNWRITABLE')
      expect(await readdir(folder.path)).to.have.members(['folder', 'pipe'])
    })
  })

  describe('placeOf', () => {
    it('makes folders that only their owner may enter', async () => {
      expect(await placeOf(at('a', 'b', 'file'))).to.equal(at('a', 'b', 'file'))
      expect(await bits(at('a'))).to.equal(0o700)
      expect(await bits(at('a', 'b'))).to.equal(0o700)
    })

    it('follows links, also to a file and a folder that are not there yet', async () => {
      await symlink('second', at('first'))
      await symlink(at('later', 'file'), at('second'))
      expect(await placeOf(at('first'))).to.equal(at('later', 'file'))
      await replaceFile(await placeOf(at('first')), NEW)
      expect(await readFile(at('first'), 'utf8')).to.equal('new')
      expect(await readlink(at('first'))).to.equal('second')
      expect((await lstat(at('later', 'file'))).isFile()).to.equal(true)
    })

    it('finds one place for all ways to it', async () => {
      await mkdir(at('real'))
      await symlink('real', at('link'))
      expect(await placeOf(at('link', 'file'))).to.equal(at('real', 'file'))
      expect(await placeOf(at('link', '..', 'real', 'file'))).to.equal(at('real', 'file'))
    })

    it('does not go round in circles', async () => {
      await symlink('b', at('a'))
      await symlink('a', at('b'))
      await rejectsWithCode(placeOf(at('a')), 'ERR_RA_FILE_UNWRITABLE')
    })
  })
})
