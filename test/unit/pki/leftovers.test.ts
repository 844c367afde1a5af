import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { clearLeftovers } from '../../../src/pki/leftovers.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const RUN = '0123456789abcdef'

describe('clearLeftovers', () => {
  const folder = temporaryFolder()
  const clear = async (): Promise<void> =>
    clearLeftovers([folder.path, join(folder.path, 'issued'), join(folder.path, 'absent')])

  async function put(files: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(join(folder.path, 'issued'))
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  }

  async function all(): Promise<Record<string, string>> {
    const names = (await readdir(folder.path, { recursive: true })).filter((x) => x !== 'issued')
    const texts = await Promise.all(names.map((name) => readFile(join(folder.path, name), 'utf8')))
    return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))
  }

  it('puts back what an unfinished run displaced', async () => {
    await put({
      'issued/app.pem': 'new',
      [`issued/.app.pem.${RUN}.old`]: 'old',
      [`issued/.app.key.${RUN}.old`]: 'old',
      [`issued/.app.key.${RUN}.tmp`]: 'new',
      [`.index.json.${RUN}.tmp`]: 'new',
      'index.json': 'old',
    })
    await clear()
    expect(await all()).to.deep.equal({
      'index.json': 'old',
      'issued/app.key': 'old',
      'issued/app.pem': 'old',
    })
  })

  it('forgets what a finished run displaced', async () => {
    await put({ 'issued/app.pem': 'new', [`issued/.app.pem.${RUN}.old`]: 'old' })
    await clear()
    expect(await all()).to.deep.equal({ 'issued/app.pem': 'new' })
  })

  it('leaves every other file alone', async () => {
    const files = { '.gitignore': '*', '.app.pem.old': 'x', 'app.tmp': 'x', '.lock': '1 host\n' }
    await put(files)
    await clear()
    expect(await all()).to.deep.equal(files)
  })
})
