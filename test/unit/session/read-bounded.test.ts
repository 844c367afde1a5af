import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { readBounded } from '../../../src/session/read-bounded.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

describe('readBounded', () => {
  const folder = temporaryFolder()

  const pipe = (): string => {
    const path = join(folder.path, 'pipe')
    execFileSync('mkfifo', [path])
    return path
  }

  for (const { size, taken } of [
    { size: 0, taken: true },
    { size: 100_000, taken: true },
    { size: 100_001, taken: false },
  ]) {
    it(`${taken ? 'reads' : 'refuses'} a file of ${size} bytes where 100000 are allowed`, async () => {
      const path = join(folder.path, 'file')
      await writeFile(path, Buffer.alloc(size, 'x'))
      const file = readBounded(path, 100_000)
      if ('bytes' in file) expect(file.bytes).to.deep.equal(Buffer.alloc(size, 'x'))
      else expect(file.problem).to.equal('too large')
      expect('bytes' in file).to.equal(taken)
    })
  }

  it('tells a folder', () => {
    expect(readBounded(folder.path, 10)).to.deep.equal({ problem: 'folder' })
  })

  it('reads a pipe to its end, however late its writer comes', async () => {
    const path = pipe()
    const script = 'exec 3> "$1"; printf one >&3; printf two >&3'
    const ended = once(spawn('sh', ['-c', script, 'sh', path], { stdio: 'ignore' }), 'exit')
    expect(readBounded(path, 10, 20_000)).to.deep.equal({ bytes: Buffer.from('onetwo') })
    await ended
  })

  it('gives up on a pipe that nobody writes to', () => {
    expect(readBounded(pipe(), 10, 20)).to.deep.equal({ problem: 'silent pipe' })
  })

  it('gives up on a pipe whose writer says nothing', async () => {
    const path = pipe()
    const writer = spawn('sh', ['-c', 'exec 3<> "$1"; echo ready; read _', 'sh', path])
    await once(writer.stdout, 'data')
    expect(readBounded(path, 10, 20)).to.deep.equal({ problem: 'silent pipe' })
    writer.stdin.end()
    await once(writer, 'exit')
  })
})
