import {
  chmodSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { cacheBase, existingCacheFolder, sessionFolder } from '../../../src/cache/cache-folder.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const nobody = (): string => {
  throw new Error('no such user')
}

describe('the folder of the session cache', () => {
  const folder = temporaryFolder()
  const base = (name = 'cache'): { path: string } => ({ path: join(folder.path, name) })

  describe('is', () => {
    const CASES = [
      { env: { ROLESANYWHERE_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' }, path: '/c' },
      { env: { XDG_CACHE_HOME: '/x', HOME: '/h' }, path: '/x/rolesanywhere' },
      { env: { XDG_CACHE_HOME: 'relative', HOME: '/h' }, path: '/h/.cache/rolesanywhere' },
      { env: { HOME: '/h' }, path: '/h/.cache/rolesanywhere' },
      { env: { HOME: '' }, path: '/of-user/.cache/rolesanywhere' },
    ]
    for (const { env, path } of CASES) {
      it(`${path} with ${JSON.stringify(env)}`, () => {
        expect(cacheBase(env, () => '/of-user')?.path).to.equal(path)
      })
    }

    it('none for a user without a home', () => {
      expect(cacheBase({}, nobody)).to.equal(undefined)
      expect(sessionFolder(undefined)).to.have.property('problem')
    })
  })

  it('is made for its owner alone, whatever the umask', () => {
    const mask = process.umask(0)
    try {
      expect(sessionFolder(base())).to.deep.equal({ path: join(folder.path, 'cache/sessions') })
    } finally {
      process.umask(mask)
    }
    for (const name of ['cache', 'cache/sessions']) {
      expect(statSync(join(folder.path, name)).mode & 0o777, name).to.equal(0o700)
    }
  })

  it('is made in a home that is there, and makes none', () => {
    const home = join(folder.path, 'home')
    const init = { path: join(home, '.cache', 'rolesanywhere'), home }
    expect(sessionFolder(init)).to.have.property('problem')
    mkdirSync(home)
    expect(sessionFolder(init)).to.have.property('path')
  })

  it('may lie in one that others can read', () => {
    mkdirSync(base().path)
    chmodSync(base().path, 0o755)
    expect(sessionFolder(base())).to.have.property('path')
  })

  const DISTRUSTED: Readonly<Record<string, (cache: string) => void>> = {
    'that others can look into': (cache) => {
      mkdirSync(join(cache, 'sessions'), { recursive: true })
      chmodSync(join(cache, 'sessions'), 0o750)
    },
    'that is a link': (cache) => {
      mkdirSync(join(cache, 'elsewhere'), { recursive: true, mode: 0o700 })
      symlinkSync(join(cache, 'elsewhere'), join(cache, 'sessions'))
    },
    'in one that is a link': (cache) => {
      mkdirSync(`${cache}.elsewhere`, { mode: 0o700 })
      symlinkSync(`${cache}.elsewhere`, cache)
    },
    'in one that others can write to': (cache) => {
      mkdirSync(cache)
      chmodSync(cache, 0o777)
    },
    'that is a file': (cache) => {
      mkdirSync(cache)
      writeFileSync(join(cache, 'sessions'), '')
    },
    'in one that is a file': (cache) => writeFileSync(cache, ''),
  }
  for (const [what, prepare] of Object.entries(DISTRUSTED)) {
    it(`is not used: one ${what}`, () => {
      prepare(base().path)
      const found = sessionFolder(base())
      expect(found).to.have.property('problem').that.includes(base().path)
    })
  }

  it('is not used: one of another user', function () {
    if (process.getuid?.() !== 0) this.skip()
    sessionFolder(base())
    chownSync(join(base().path, 'sessions'), 54_321, 54_321)
    expect(sessionFolder(base())).to.have.property('problem').that.includes('another user')
  })

  it('is only looked for where nothing is to be made', () => {
    expect(existingCacheFolder(base(), 'sessions')).to.equal(undefined)
    expect(existingCacheFolder(undefined, 'sessions')).to.equal(undefined)
    sessionFolder(base())
    expect(existingCacheFolder(base(), 'sessions')).to.have.property('path')
    rmSync(base().path, { recursive: true })
  })
})
