import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { blocksOf } from '../../tools/markdown.js'
import { isAsShown } from '../support/document-script.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, type Running, start } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const README = fileURLToPath(new URL('../../README.md', import.meta.url))
const DEMO = fileURLToPath(new URL('../../dist/lib/examples/demo/main.js', import.meta.url))

describe('the demo', () => {
  const folder = temporaryFolder()
  let temporary: string

  beforeEach(async () => {
    temporary = join(folder.path, 'tmp')
    await mkdir(temporary)
  })
  afterEach(endPrograms)

  /** In a process group of its own, so that whatever it starts can be found. */
  const startDemo = (): Running => start([DEMO], { TMPDIR: temporary }, { detached: true })

  async function expectNothingLeft(demo: Running): Promise<void> {
    expect(await readdir(temporary)).to.deep.equal([])
    const group = -(demo.process.pid ?? Number.NaN)
    expect(() => process.kill(group, 0))
      .to.throw()
      .with.property('code', 'ESRCH')
  }

  it('tells its story to the end', async () => {
    const demo = startDemo()
    const { status, stdout, stderr } = await demo.finished()
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    expect(stdout).to.match(/\n9\. The end\n/)
    const [shown] = blocksOf(await readFile(README, 'utf8')).filter((x) => x.language === 'text')
    expect(isAsShown(stdout, `…\n${shown?.text}\n…`), 'as README.md shows it').to.equal(true)
    expect(stdout).to.match(/Nothing is left behind\.\n$/)
    await expectNothingLeft(demo)
  })

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`cleans up when ${signal} interrupts it`, async () => {
      const demo = startDemo()
      let story = ''
      demo.process.stdout?.on('data', (text: string) => (story += text))
      await eventually(() => (/It listens on/.test(story) ? true : undefined))
      expect((await demo.stop(signal)).status).to.equal(status)
      await expectNothingLeft(demo)
    })
  }
})
