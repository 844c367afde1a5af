import { existsSync, lstatSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makePrivateFolder, type PrivateFolder } from '../../../../sidecar/server/exec-folder.js'
import { start } from '../../../support/program.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

/** Long enough ago. */
const OLD = new Date(Date.now() - 3_600_000)

describe('makePrivateFolder', () => {
  const parent = temporaryFolder()
  const made: PrivateFolder[] = []

  const make = async (): Promise<PrivateFolder> => {
    const folder = await makePrivateFolder(parent.path, new Date())
    made.push(folder)
    return folder
  }
  afterEach(async () => {
    for (const folder of made.splice(0)) await folder.remove()
  })

  /** Leaves a folder behind as a process does that is killed. */
  async function leave(name: string): Promise<string> {
    const path = join(parent.path, name)
    mkdirSync(path)
    writeFileSync(join(path, 'token'), 'left')
    const listen = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    await start(['-e', listen, join(path, 'alive')]).finished()
    return path
  }

  it('makes a folder of its own, and takes it away', async () => {
    const [one, other] = [await make(), await make()]
    expect(lstatSync(one.path).mode & 0o777).to.equal(0o700)
    expect(other.path).to.not.equal(one.path)
    await one.remove()
    expect([existsSync(one.path), existsSync(other.path)]).to.deep.equal([false, true])
  })

  it('takes away what a killed process left', async () => {
    const left = await leave('rolesanywhere-left')
    utimesSync(left, OLD, OLD)
    await make()
    expect(existsSync(left)).to.equal(false)
  })

  it('leaves alone what is in use, young, or not of its making', async () => {
    const used = await make()
    const young = await leave('rolesanywhere-young')
    const other = await leave('other')
    const plain = join(parent.path, 'rolesanywhere-plain')
    mkdirSync(plain)
    for (const path of [used.path, other, plain]) utimesSync(path, OLD, OLD)
    await make()
    for (const path of [used.path, young, other, plain]) expect(existsSync(path)).to.equal(true)
  })

  it('says where no folder can be made, and what helps', async () => {
    const error = await rejectsWithCode(
      makePrivateFolder(join(parent.path, 'missing'), new Date()),
      'ERR_RA_FILE_UNWRITABLE',
    )
    expect(error.message).to.match(/temporary folder ".*missing" \(ENOENT\)/)
    expect(error.hint).to.contain('TMPDIR')
  })

  it('does without the mark where a socket cannot be', async () => {
    const deep = join(parent.path, 'x'.repeat(100))
    mkdirSync(deep)
    const folder = await makePrivateFolder(deep, new Date())
    expect(existsSync(folder.path)).to.equal(true)
    await folder.remove()
    expect(existsSync(folder.path)).to.equal(false)
  })
})
