import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect } from 'chai'
import { pinnedPaths } from '../../../src/session/pinned-path.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

describe('pinnedPaths', () => {
  const folder = temporaryFolder()
  let root: string
  beforeEach(() => {
    root = realpathSync(folder.path)
  })

  function makeVolume(): void {
    for (const generation of ['..1', '..2']) {
      mkdirSync(join(root, generation))
      for (const name of ['tls.crt', 'tls.key']) {
        writeFileSync(join(root, generation, name), `${generation} ${name}`)
      }
    }
    symlinkSync('..1', join(root, '..data'))
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(root, name))
  }

  function swap(): void {
    symlinkSync('..2', join(root, '..new'))
    renameSync(join(root, '..new'), join(root, '..data'))
  }

  it('leads to files of one generation, also when the link is swapped in between', () => {
    makeVolume()
    const locate = pinnedPaths()
    expect(locate(join(root, 'tls.crt'))).to.equal(join(root, '..1', 'tls.crt'))
    swap()
    expect(locate(join(root, 'tls.key'))).to.equal(join(root, '..1', 'tls.key'))
    expect(pinnedPaths()(join(root, 'tls.key'))).to.equal(join(root, '..2', 'tls.key'))
  })

  it('holds on to a folder that is itself a link', () => {
    makeVolume()
    symlinkSync('..1', join(root, 'current'))
    const locate = pinnedPaths()
    expect(locate(join(root, 'current', 'tls.crt'))).to.equal(join(root, '..1', 'tls.crt'))
    rmSync(join(root, 'current'))
    symlinkSync('..2', join(root, 'current'))
    expect(locate(join(root, 'current', 'tls.key'))).to.equal(join(root, '..1', 'tls.key'))
  })

  it('leaves plain files, missing files and missing folders as they are', () => {
    writeFileSync(join(root, 'plain'), '')
    for (const path of ['plain', 'missing', 'no/such/folder']) {
      expect(pinnedPaths()(join(root, path))).to.equal(join(root, path))
    }
  })

  it('gives up on links that lead in a circle', () => {
    symlinkSync('b', join(root, 'a'))
    symlinkSync('a', join(root, 'b'))
    expect(resolve(pinnedPaths()(join(root, 'a')), '..')).to.equal(root)
  })
})
